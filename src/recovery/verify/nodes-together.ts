/** Nodes of a registry that say the same, told once: they mostly all do, and somebody has to read it. */
import type { Finding } from './finding.ts';
import type { VerifySection } from './verify-report.ts';

/** Stands for the node where texts are compared; in no URL and no subject that is shown. */
const NODE = '\u0000';

/**
 * Sections of one `node` each that differ by nothing but its name become one, with the names of all in its title. Others stay, and the order of
 * the first ones. For people: counts are those of one node.
 */
export function nodesTogether(sections: readonly VerifySection[]): readonly VerifySection[] {
  const groups = new Map<string, VerifySection[]>();
  for (const [index, section] of sections.entries()) {
    const key = section.node === undefined ? String(index) : saidBy(section, section.node);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [section]);
    else group.push(section);
  }
  return [...groups.values()].flatMap(together);
}

function saidBy({ title, findings }: VerifySection, node: string): string {
  const said = findings.map(({ severity, name, message, more }) => [severity, name, more, without(message, node)]);
  return JSON.stringify([without(title, node), said]);
}

function together(group: readonly VerifySection[]): readonly VerifySection[] {
  const [first] = group;
  if (first === undefined || group.length === 1) return group;
  const { title, node = '', findings } = first;
  const names = group.map((section) => section.node).join(', ');
  const each = findings.map((finding): Finding => {
    return {
      ...finding,
      message: without(finding.message, node).replace(/^\0/, 'Each of them').replaceAll(NODE, 'each of them'),
    };
  });
  return [{ title: without(title, node).replaceAll(NODE, names), findings: each, nodes: group.length }];
}

const without = (text: string, node: string): string => text.replaceAll(node, NODE);
