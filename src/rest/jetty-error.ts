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
  /** What the client takes; JSON, or else a page. */
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
  const types = request.accept.split(',').map((range) => (range.split(';', 1)[0] ?? '').trim().toLowerCase());
  if (!types.some((type) => type === 'application/json' || type === 'text/json')) {
    return pageFor(request.method, { status, message, uri: request.url });
  }
  if (!hasPage(request.method)) return { headers: NO_CACHE, body: '' };
  const body = JSON.stringify({ message, url: request.url, status: `${status}` });
  return { headers: { ...NO_CACHE, 'content-type': 'application/json' }, body };
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
