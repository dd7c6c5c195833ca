/**
 * Checks the subjects of a range of commits (`main..` if none is given) against `scope: imperative subject`, where the
 * scope is a folder of the repository, of `src` or of `connectors`, or `root`.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(resolve(dirname(fileURLToPath(import.meta.url)), '..'));

const foldersOf = (parent) =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name.replace(/^\./, ''));
const scopes = new Set(['root', ...foldersOf('.'), ...foldersOf('src'), ...foldersOf('connectors')]);

const range = process.argv[2] ?? 'main..';
const commits = execFileSync('git', ['log', '--no-merges', '--format=%h %s', range], { encoding: 'utf8' }).trim();
const problems = [];
for (const commit of commits === '' ? [] : commits.split('\n')) {
  const [hash, ...words] = commit.split(' ');
  const subject = words.join(' ');
  const complain = (problem) => problems.push(`${hash} "${subject}": ${problem}`);
  const match = /^([a-z0-9-]+(?:, [a-z0-9-]+)*): (\S+)(.*)$/.exec(subject);
  if (!match) {
    complain('is not `scope: imperative subject`');
    continue;
  }
  for (const scope of match[1].split(', ')) if (!scopes.has(scope)) complain(`"${scope}" is not a folder here`);
  if (/(?:ed|ing)$/.test(match[2]) && !/^(?:embed|feed|need|seed|shed|speed|bring|string|ping)$/.test(match[2]))
    complain(`"${match[2]}" is not an imperative`);
  if (/^[A-Z][a-z]/.test(match[2])) complain('begins with a capital letter');
  if (subject.endsWith('.')) complain('ends with a full stop');
  if (subject.length > 100) complain('is longer than 100 characters');
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
