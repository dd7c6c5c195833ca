/** What the server below Kafka Connect's API answers by itself, before its resources see a request. Kafka Connect 4.1.1, 1.1. */

export interface JettyError {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Refusal {
  readonly message: string;
  /** What the page says was asked for. */
  readonly uri: '/badURI' | '/badMessage';
}

/** Why a path is refused before routing: it could be read in two ways, or in none. null for all others. */
export function refusedPath(url: string): Refusal | null {
  const path = url.split('?', 1)[0] ?? '';
  const bad = (message: string): Refusal => ({ message, uri: '/badURI' });
  if (/%00/.test(path) || !isDecodable(path)) return { message: 'Bad Request', uri: '/badMessage' };
  if (/%5c|\\/i.test(path)) return bad('Suspicious Path Character');
  const segments = path.split('/').map((segment) => segment.split(';', 1)[0] ?? '');
  if (segments.some((segment) => /^(\.|%2e){1,2}$/i.test(segment) && /%/.test(segment))) {
    return bad('Ambiguous URI path segment');
  }
  if (/%2f/i.test(path)) return bad('Ambiguous URI path separator');
  if (/%25/.test(path)) return bad('Ambiguous URI path encoding');
  return withoutPathParameters(path).includes('//') ? bad('Ambiguous URI empty segment') : null;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** The path as resources are found by it: without the parameters that may follow each segment. */
export function withoutPathParameters(url: string): string {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  return path.includes(';') ? path.replace(/;[^/]*/g, '') + (end < 0 ? '' : url.slice(end)) : url;
}

/** The page for a path that is refused. Only GET, HEAD and POST are sent one. */
export function refusedPathAnswer(method: string, refusal: Refusal): JettyError {
  const page = pageFor(method, { status: 400, ...refusal });
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
  const body = hasPage(request.method) ? JSON.stringify({ message, url: request.url, status: `${status}` }) : '';
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
