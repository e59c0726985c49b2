import { err, ok, type Result } from '@hatago/protocol';
import type * as z from 'zod/mini';
import { accept, REFUSED, type Shape } from './accept.ts';
import type { Config, LimitsConfig } from './config.ts';
import type { Issue } from './issue.ts';
import { checkDocument, type FilledDocument } from './schema-document.ts';
import { toServers } from './server-config.ts';
import shape from './shape.json' with { type: 'json' };
import { keysAt, unknownKey } from './unknown-key.ts';

const SHAPE: Shape = shape as Shape;

/** The member names a document may have. */
export function topKeys(): ReadonlySet<string> {
  return new Set(Object.keys(shape.properties));
}

/** The member names one server may have, for telling a foreign key from a misspelt one. */
export function serverKeys(): ReadonlySet<string> {
  return new Set(Object.keys(shape.properties.mcpServers.additionalProperties.properties));
}

/** Checks a document and fills in the defaults; an unknown key is an error. */
export function parseConfig(value: unknown): Result<Config, readonly Issue[]> {
  const parsed = fill(value);
  if (!parsed.ok) return err(parsed.error.flatMap(toIssues));
  const { $schema: _schema, version: _version, extends: _extends, mcpServers, ...rest } = parsed.value;
  const servers = toServers(mcpServers, value);
  const issues = [
    ...(servers.ok ? [] : servers.error),
    ...repeatedRules(rest.policy.rules),
    ...repeatedAliases(rest.toolNaming.aliases),
  ];
  return servers.ok && issues.length === 0 ? ok({ ...rest, mcpServers: servers.value }) : err(issues);
}

/** A document with its defaults, other than by key unchecked; undefined where a key is wrong. */
export function fillDefaults(value: unknown): Record<string, unknown> | undefined {
  const parsed = fill(value);
  return parsed.ok ? { ...parsed.value } : undefined;
}

function fill(value: unknown): Result<FilledDocument, readonly z.core.$ZodIssue[]> {
  const accepted = accept(SHAPE, value);
  return accepted === REFUSED ? checkDocument(value) : ok(accepted as FilledDocument);
}

/** The limits of a document that says nothing of them. */
export function defaultLimits(): LimitsConfig {
  return accept(SHAPE.properties?.['limits'] as Shape, {}) as LimitsConfig;
}

function repeatedRules(rules: readonly { readonly id: string }[]): Issue[] {
  const ids = new Set<string>();
  return rules.flatMap(({ id }, i) => {
    const message = `the rule ${JSON.stringify(id)} is there already`;
    return ids.size === ids.add(id).size ? [{ path: ['policy', 'rules', i], message }] : [];
  });
}

function repeatedAliases(aliases: Readonly<Record<string, string>>): Issue[] {
  const taken = new Map<string, string>();
  return Object.entries(aliases).flatMap(([name, alias]) => {
    const other = taken.get(alias);
    taken.set(alias, other ?? name);
    const message = `${JSON.stringify(alias)} is the alias of ${JSON.stringify(other)} already`;
    return other === undefined ? [] : [{ path: ['toolNaming', 'aliases', name], message }];
  });
}

/** A key is compared with all that there are: that is done for as many as somebody reads. */
const MAX_HINTS = 50;

function toIssues(issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path as (string | number)[];
  if (issue.code !== 'unrecognized_keys') return [{ path, message: describe(issue) }];
  const known = keysAt(SHAPE, path);
  return issue.keys.map((name, i) => {
    const message = i < MAX_HINTS ? unknownKey(name, known) : `unknown key ${JSON.stringify(name)}`;
    return { path: [...path, name], message };
  });
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected === 'int' ? 'a whole number' : issue.expected}`;
  if (issue.code === 'invalid_value') return `expected ${issue.values.map((v) => JSON.stringify(v)).join(' or ')}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
  return issue.message ?? 'is not valid';
}

const unitOf = (origin: string): string => (origin === 'string' ? ' characters long' : '');
