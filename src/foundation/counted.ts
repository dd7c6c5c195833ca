/** Numbers in sentences. */

/** `1 record`, `2 records`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** Which of the two forms of a verb goes with so many. */
export const agreeing = (count: number, one: string, many: string): string => (count === 1 ? one : many);
