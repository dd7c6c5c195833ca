/** The text of JSON that comes as bytes, in whichever encoding, as Jackson finds it out. */
import { isUtf8 } from 'node:buffer';
import { jsonEncodingOf } from '../../foundation/json-encoding.ts';
import { UTF_16BE, UTF_16LE } from '../java-charsets.ts';

/** Takes the place of everything from the first byte on that is no text: JSON allows it neither in a text nor after a word. */
const NO_TEXT = '\ud800\u0000';
/** May neither stand where something is missing nor follow a word or a number, and is left alone behind any other value. */
const PART_OF_CHARACTER = '_';

/**
 * UTF-8 as a rule, with a byte order mark or without; also UTF-16 and UTF-32, which a mark tells or the zeros of their first
 * character. As Jackson does, takes halves of surrogate pairs that are encoded like characters.
 */
export function jsonTextOf(bytes: Buffer): string {
  return mayBeMarked(bytes) ? markedText(bytes) : utf8Text(bytes);
}

/** Whether the bytes are taken for UTF-8. */
export function isJsonUtf8(bytes: Buffer): boolean {
  return !mayBeMarked(bytes) || jsonEncodingOf(bytes).bytesPerUnit === 1;
}

/** JSON begins with a character of ASCII, and nearly always with two. */
function mayBeMarked(bytes: Buffer): boolean {
  const [first = 1, second = 1] = bytes;
  return first === 0 || second === 0 || first >= 0xef;
}

function utf8Text(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : laxUtf8Text(bytes);
}

function markedText(bytes: Buffer): string {
  const { bytesPerUnit, littleEndian, skip } = jsonEncodingOf(bytes);
  const order = littleEndian ? 'LE' : 'BE';
  if (bytesPerUnit === 4) return utf32Text(bytes.subarray(skip), order);
  if (bytesPerUnit === 2) return (littleEndian ? UTF_16LE : UTF_16BE).decode(bytes.subarray(skip));
  const [a, b, c] = bytes;
  // Jackson looks for a mark in four bytes.
  return utf8Text(bytes.length > 3 && a === 0xef && b === 0xbb && c === 0xbf ? bytes.subarray(3) : bytes);
}

/** Of a point that there is none Jackson learns before it has read anything; of a part of one only when it gets there. */
function utf32Text(bytes: Buffer, order: 'BE' | 'LE'): string {
  let text = '';
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const point = order === 'BE' ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    if (point > 0x10ffff) return NO_TEXT;
    text += String.fromCodePoint(point);
  }
  return at === bytes.length ? text : text + PART_OF_CHARACTER;
}

function laxUtf8Text(bytes: Buffer): string {
  const units: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    const length =
      lead < 0x80 ? 1 : (lead & 0xe0) === 0xc0 ? 2 : (lead & 0xf0) === 0xe0 ? 3 : (lead & 0xf8) === 0xf0 ? 4 : 0;
    let point = length === 1 ? lead : lead & (0x7f >> length);
    for (let next = 1; next < length; next++) {
      const byte = bytes[at + next] ?? 0;
      if ((byte & 0xc0) !== 0x80) return units.join('') + NO_TEXT;
      point = (point << 6) | (byte & 0x3f);
    }
    // Jackson takes such a character for what it is within a text and for a mistake outside of one.
    const isDisguised = length > 1 && point < 0x80;
    if (length === 0 || isDisguised) return units.join('') + NO_TEXT;
    units.push(length < 4 ? String.fromCharCode(point) : surrogatesOf(point));
    at += length;
  }
  return units.join('');
}

/** By arithmetic alone, so that also a point that there isn't gives two units. */
function surrogatesOf(point: number): string {
  const offset = point - 0x10000;
  return String.fromCharCode(0xd800 | ((offset >> 10) & 0x3ff), 0xdc00 | (offset & 0x3ff));
}
