/** What the server below Kafka Connect's API answers by itself, before its resources see a request. Kafka Connect 4.1.1, 1.1. */

export interface JettyError {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why a path is refused before routing, for it could be read in two ways; null if it can't. */
export function ambiguityOf(url: string): string | null {
  const path = url.split('?', 1)[0] ?? '';
  if (/%2f/i.test(path)) return 'Ambiguous URI path separator';
  if (/%25/.test(path)) return 'Ambiguous URI path encoding';
  if (path.includes('//')) return 'Ambiguous URI empty segment';
  return null;
}

/** The page for a path that is refused. Only GET, HEAD and POST are sent one. */
export function ambiguousAnswer(method: string, why: string): JettyError {
  const page = pageFor(method, { status: 400, message: why, uri: '/badURI' });
  return { ...page, headers: { ...page.headers, connection: 'close' } };
}

/** While the worker is still initialising no resource is there, whatever was asked for. */
export function notYetThere(request: {
  readonly method: string;
  readonly url: string;
  readonly accept: string;
}): JettyError {
  const types = request.accept.split(',').map((range) => (range.split(';', 1)[0] ?? '').trim().toLowerCase());
  if (!types.some((type) => type === 'application/json' || type === 'text/json')) {
    return pageFor(request.method, { status: 404, message: 'Not Found', uri: request.url });
  }
  const body = hasPage(request.method) ? JSON.stringify({ message: 'Not Found', url: request.url, status: '404' }) : '';
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
