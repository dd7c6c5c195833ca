/** What Java takes for a blank. */

/** Java's `String.trim`: everything up to U+0020 is a blank, and no other character. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end);
}

/** True for a text of nothing but what Java trims. */
export function isBlank(text: string): boolean {
  return trimmed(text) === '';
}
