import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addSchemasCommands } from '../../../../src/cli/schemas/schemas-program.ts';

const guides = fileURLToPath(new URL('../../../../docs/guides', import.meta.url));

interface WrittenCommand {
  readonly guide: string;
  readonly line: string;
}

/** Every `holdfast schemas ...` with an option or an argument that a guide tells to run, in blocks and in the text. */
function commandsOf(guide: string): readonly WrittenCommand[] {
  const text = readFileSync(join(guides, guide), 'utf8');
  const blocks = text.match(/^holdfast schemas (?:[^\\\n]|\\\n)*$/gm) ?? [];
  const inline = [...text.matchAll(/`(holdfast schemas [^`]*)`/g)].map((match) => match[1] ?? '');
  const isWhole = (line: string): boolean => !/…|\.\.\.|\[/.test(line);
  // Elsewhere than in the guide for the night, a command in the text may only be talked about.
  return [...blocks, ...(guide === 'schemas-broken.md' ? inline : [])]
    .filter(isWhole)
    .map((line) => ({ guide, line: line.replaceAll(/\\\n\s*/g, '') }));
}

function wordsOf(line: string): readonly string[] {
  const plain = line.replace(/\s+#.*$/, '').replace(/\s+[|>&].*$/, '');
  return (plain.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll(/^["']|["']$/g, ''));
}

/** What is wrong with the command, as commander would say it; undefined: it would run. */
function complaint(line: string): string | undefined {
  let command = new Command('schemas');
  addSchemasCommands(command);
  let words = wordsOf(line).slice(2);
  while (command.commands.length > 0) {
    const [name, ...rest] = words;
    const sub = command.commands.find((each) => each.name() === name || each.aliases().includes(name ?? ''));
    if (sub === undefined) return `there is no command ${name}`;
    [command, words] = [sub, rest];
  }
  const said: string[] = [];
  command.exitOverride().configureOutput({ writeErr: (text) => said.push(text) });
  command.action(() => {});
  try {
    command.parse([...words], { from: 'user' });
    return undefined;
  } catch (error) {
    return said.join('').trim() || String(error);
  }
}

const written = readdirSync(guides)
  .filter((name) => /^schemas-.*\.md$/.test(name))
  .flatMap(commandsOf);

function helpOf(command: Command): string {
  const said: string[] = [];
  command.configureOutput({ writeOut: (text) => said.push(text) }).outputHelp();
  return said.join('');
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

describe('--help of every command of holdfast schemas', () => {
  const schemas = new Command('schemas');
  addSchemasCommands(schemas);

  it.each(withSubcommands(schemas).map((command) => [command.name(), command] as const))(
    '%s: ends with examples that would run, and with a guide',
    (_, command) => {
      const examples = [...helpOf(command).matchAll(/^ {2}(holdfast schemas .*)$/gm)].map((match) => match[1] ?? '');
      expect(examples.length).toBeGreaterThan(0);
      expect(examples.map(complaint).filter((text) => text !== undefined)).toEqual([]);
      const [, guide = ''] = /^More: docs\/guides\/(schemas-.*\.md)$/m.exec(helpOf(command)) ?? [];
      expect(readdirSync(guides)).toContain(guide);
    },
  );
});

describe('the guides about schemas', () => {
  it('name commands', () => {
    expect(written.filter(({ guide }) => guide === 'schemas-broken.md').length).toBeGreaterThan(20);
    expect(complaint('holdfast schemas list')).toMatch(/argument/);
    expect(complaint('holdfast schemas list /a --nonsense')).toMatch(/nonsense/);
  });

  it('tell for each way in which a plan is run in the night how to take it back: with nodes running, or stopped', () => {
    const night = written.filter(({ guide }) => guide === 'schemas-broken.md');
    const ways = (plan: RegExp): readonly string[] =>
      night
        .filter(({ line }) => / schemas apply /.test(line) && plan.test(line))
        .map(({ line }) => (line.includes('--bootstrap-servers') ? 'topic' : 'registry'));
    expect(new Set(ways(/\.undo\.ndjson/))).toEqual(new Set(ways(/\$NEW\.plan2? /)));
  });

  it.each(written)('$guide: $line', ({ line }) => {
    expect(complaint(line)).toBeUndefined();
  });
});
