/** What the server below Kafka Connect's API answers by itself, before its resources see a request. Jetty 12 in Kafka Connect 4.1.1. */
import type { Refusal } from './request-target.ts';

export interface JettyError {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The page for a target that is refused. Only GET, HEAD and POST are sent one, unless it can't be parsed. */
export function refusedTargetAnswer(method: string, { status, message, uri }: Refusal): JettyError {
  if (uri === null) return { headers: { connection: 'close' }, body: '' };
  // What can't be parsed at all has no method yet.
  const page = pageFor(uri === '/badMessage' ? 'GET' : method, { status, message, uri });
  return { ...page, headers: { ...page.headers, connection: 'close' } };
}

/** What an error page says of the request that it answers. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  /** What the client takes; nothing, or an empty text: a page. */
  readonly accept: string;
}

/** While the worker is still initialising no resource is there, whatever was asked for. */
export function notYetThere(asked: Asked): JettyError {
  return answerFor(asked, 404, 'Not Found');
}

/** For headers that can't be read. */
export function badRequest(asked: Asked): JettyError {
  return answerFor(asked, 400, 'Bad Request');
}

function answerFor(request: Asked, status: number, message: string): JettyError {
  const type = errorTypeFor(request.accept);
  if (type === null || !hasPage(request.method)) return { headers: NO_CACHE, body: '' };
  const { url } = request;
  if (type === 'text/html') return pageFor(request.method, { status, message, uri: url });
  if (type === 'text/plain') {
    const body = `HTTP ERROR ${status} ${message}\nURI: ${url}\nSTATUS: ${status}\nMESSAGE: ${message}\n`;
    return { headers: { ...NO_CACHE, 'content-type': 'text/plain;charset=iso-8859-1' }, body };
  }
  const body = JSON.stringify({ message, url, status: `${status}` });
  return { headers: { ...NO_CACHE, 'content-type': type }, body };
}

type ErrorType = 'text/html' | 'text/plain' | 'application/json' | 'text/json';

const ERROR_TYPES: ReadonlyMap<string, ErrorType> = new Map([
  ['text/html', 'text/html'],
  ['text/*', 'text/html'],
  ['*/*', 'text/html'],
  ['text/plain', 'text/plain'],
  ['application/json', 'application/json'],
  ['text/json', 'text/json'],
]);

/**
 * Of what the client takes, that which it likes best and an error can be in; null: there is no body. Jetty reads `Accept` by rules of its own:
 * any number is a quality, case counts, and a range with parameters is none that it knows.
 */
function errorTypeFor(accept: string): ErrorType | null {
  if (accept.trim() === '') return 'text/html';
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const quality = parameters.find((each) => each.startsWith('q='));
    const others = parameters.filter((each) => each !== quality);
    return { type: [type, ...others].join(';'), quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 };
  });
  const liked = ranges.filter(({ quality }) => quality !== 0).sort((a, b) => b.quality - a.quality);
  for (const { type } of liked) {
    const found = ERROR_TYPES.get(type);
    if (found !== undefined) return found;
  }
  return null;
}

const NO_CACHE = { 'cache-control': 'must-revalidate,no-cache,no-store' };

function hasPage(method: string): boolean {
  return ['GET', 'HEAD', 'POST'].includes(method);
}

function pageFor(
  method: string,
  error: { readonly status: number; readonly message: string; readonly uri: string },
): JettyError {
  if (!hasPage(method)) return { headers: NO_CACHE, body: '' };
  const { status, message } = error;
  const uri = error.uri
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  const body = `<html>
<head>
<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>
<title>Error ${status} ${message}</title>
</head>
<body>
<h2>HTTP ERROR ${status} ${message}</h2>
<table>
<tr><th>URI:</th><td>${uri}</td></tr>
<tr><th>STATUS:</th><td>${status}</td></tr>
<tr><th>MESSAGE:</th><td>${message}</td></tr>
</table>

</body>
</html>
`;
  return { headers: { ...NO_CACHE, 'content-type': 'text/html;charset=iso-8859-1' }, body };
}
