import { readFileSync } from 'node:fs';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { restResources } from '../../../src/cli/rest-resources.ts';
import { SeenFromOutside } from '../../../src/cli/seen-from-outside.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { LogLevels } from '../../../src/foundation/log-levels.ts';
import { openApiDocument, routesOf } from '../../../src/rest/openapi/openapi-document.ts';
import { OPERATIONS } from '../../../src/rest/openapi/openapi-operations.ts';
import { openApiResources } from '../../../src/rest/openapi/openapi-resource.ts';
import type { Herder } from '../../../src/runtime/herder/herder.ts';
import { StuckCalls } from '../../../src/runtime/worker/stuck-calls.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const outside = new SeenFromOutside({
  clock: systemClock,
  version: '',
  metrics: true,
  stuckCalls: () => new StuckCalls(),
  registries: () => ({ snapshots: () => [], probeNow: () => false }),
  herder: () => ({}) as Herder,
});
const { main, admin } = restResources({
  herder: {} as Herder,
  version: '1',
  clock: systemClock,
  logLevels: new LogLevels({ root: 'INFO', now: () => 0 }),
  showParked: true,
  topicTracking: { isEnabled: true, isResetAllowed: true },
  further: outside.resources,
});
const others = [...main, ...admin];
const resources = [...others, ...openApiResources({ resources: others, version: '1' })];
const document = JSON.parse(JSON.stringify(openApiDocument({ resources, version: '1' }))) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, route: `${method.toUpperCase()} ${path}`, operation })),
);

describe('the OpenAPI document', () => {
  it('has a description of every route, and of none that is gone', () => {
    expect(routesOf(resources).filter((route) => !Object.hasOwn(OPERATIONS, route))).toEqual([]);
    expect(operations.map(({ route }) => route).sort()).toEqual([...routesOf(resources)].sort());
    const gone = Object.keys(OPERATIONS).filter((route) => !routesOf(resources).includes(route));
    expect(gone.filter((route) => !route.includes(' /connector-plugins/{plugin}/'))).toEqual([]);
  });

  it('leaves out what is between workers', () => {
    expect(Object.keys(document.paths)).not.toContain('/connectors/{connector}/fence');
    expect(Object.keys(document.paths['/connectors/{connector}/tasks'] ?? {})).toEqual(['get']);
  });

  it('is OpenAPI 3.1: unique ids, every path parameter declared, every answer described, every reference there', () => {
    expect(document.openapi).toBe('3.1.0');
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, route, operation } of operations) {
      const declared = (operation.parameters ?? []).filter((each) => each.in === 'path');
      expect(
        declared.map(({ name }) => name),
        route,
      ).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(
        declared.every(({ required }) => required),
        route,
      ).toBe(true);
      expect(
        Object.keys(operation.responses).every((status) => /^[2-5]\d\d$/.test(status)),
        route,
      ).toBe(true);
      expect(
        Object.values(operation.responses).every(({ description }) => description !== ''),
        route,
      ).toBe(true);
    }
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    const schemas = Object.keys(document.components.schemas);
    expect([...new Set(references)].filter((name) => !schemas.includes(name ?? ''))).toEqual([]);
    const used = JSON.stringify([OPERATIONS, document]);
    expect(schemas.filter((name) => !used.includes(`"#/components/schemas/${name}"`))).toEqual([]);
  });

  it('is valid by the schema of the OpenAPI Initiative, and its schemas are JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const official = new URL('../../fixtures/openapi-3.1-schema.json', import.meta.url);
    const validate = ajv.compile(JSON.parse(readFileSync(official, 'utf8')) as AnySchema);
    const mistakes = (value: unknown): string => {
      validate(value);
      return ajv.errorsText(validate.errors);
    };
    expect(mistakes(document)).toBe('No errors');
    const { responses: _, ...broken } = { ...document.paths['/health']?.['get'] };
    expect(mistakes({ ...document, info: {} })).toContain('title');
    expect(mistakes({ ...document, paths: { '/health': { get: { ...broken, responses: { OK: {} } } } } })).not.toBe(
      'No errors',
    );
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`).toBe(true);
    }
    expect(ajv.validateSchema({ type: 'text' })).toBe(false);
  });

  it('marks what Kafka Connect does not have', () => {
    const additive = operations.filter(({ operation }) => Object.hasOwn(operation, 'x-holdfast-additive'));
    expect(additive.map(({ route }) => route).sort()).toEqual([
      'GET /holdfast/openapi.json',
      'GET /metrics',
      'GET /registries',
      'GET /registries/events',
      'GET /registries/{registry}',
      'POST /connectors/{connector}/tasks/{task}/parked/skip',
      'POST /registries/{registry}/probe',
    ]);
  });
});
