import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseDocument } from '@hatago/hub/control/document.ts';
import { adaptDocument } from '@hatago/hub/control/formats.ts';
import { configJsonSchema } from '@hatago/hub/control/json-schema.ts';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';
import { openConfigFile } from '../add/config-file.ts';
import { exposedIn } from '../add/draft.ts';
import { packageOfCommand } from '../add/npx-command.ts';
import { isExactVersion, parsePackageSpec } from '../add/package-spec.ts';
import { isSame } from '../add/same-server.ts';
import type { Check, Examined, Finding } from './check.ts';

/** Whether there is a configuration, and whether it is valid. */
export const checkConfiguration: Check = ({ file, loaded, faults }) => {
  const subject = 'configuration';
  if (file === undefined) {
    const message = 'there is none, neither here nor in your home';
    return [{ subject, level: 'warning', message, fix: 'hatago init' }];
  }
  if (loaded === undefined) {
    return onePerPlace(faults).map((fault) => ({
      subject,
      level: 'error',
      message: fault,
      cause: 'the hub does not start with it; one that runs goes on with the last good one',
      fix: 'correct the file at the line shown',
    }));
  }
  const count = Object.keys(loaded.config.mcpServers).length;
  const good: Finding = {
    subject,
    level: 'ok',
    message: `${file} is valid and has ${count} server${count === 1 ? '' : 's'}`,
  };
  const warnings = loaded.warnings.map((message): Finding => ({ subject, level: 'warning', message }));
  return [good, ...checkFormat(file), ...warnings];
};

/** Where a parser stumbles it may tell several things that it expected; the first is what is wrong. */
function onePerPlace(faults: readonly string[]): readonly string[] {
  const placeOf = (fault: string): string => /^.*?:\d+:\d+: /.exec(fault)?.[0] ?? fault;
  const places = faults.map(placeOf);
  return faults.filter((_, i) => places.indexOf(places[i] as string) === i);
}

function checkFormat(file: string): readonly Finding[] {
  const document = parseDocument(readText(file), file);
  const { format } = document.ok ? adaptDocument(document.value.value, file) : { format: 'hatago' };
  if (format !== 'predecessor' && format !== 'early') return [];
  return [
    {
      subject: 'configuration',
      level: 'warning',
      message: `${file} is of an old format`,
      cause: 'it is read all the same, but not all settings can be written in it',
      fix: 'hatago migrate --write',
    },
  ];
}

/** Whether the schema that editors complete by is the one of this version. */
export const checkSchema: Check = ({ file, loaded }) => {
  if (file === undefined || loaded === undefined) return [];
  const path = schemaOf(file);
  if (path === undefined) return [];
  const schema = configJsonSchema();
  const isCurrent = existsSync(path) && isDeepStrictEqual(readJson(path), JSON.parse(JSON.stringify(schema)));
  if (isCurrent) return [{ subject: 'schema', level: 'ok', message: `${path} is that of this version` }];
  return [
    {
      subject: 'schema',
      level: 'warning',
      message: `${path} is ${existsSync(path) ? 'that of another version' : 'not there'}`,
      cause: 'editors complete and check the configuration by it',
      fix: 'hatago doctor --fix',
      mend() {
        writeAtomically(path, `${JSON.stringify(schema, null, 2)}\n`, { mode: 0o644 });
        return `wrote ${path}`;
      },
    },
  ];
};

/** The file that `$schema` names, where it is a local one. */
function schemaOf(file: string): string | undefined {
  const [, name] = /"\$schema"\s*:\s*"(\.{0,2}\/?[^":]+\.json)"/.exec(readText(file)) ?? [];
  return name === undefined ? undefined : join(dirname(file), name);
}

/** What the entries of the servers themselves ought to be otherwise. */
export const checkEntries: Check = (examined) => {
  if (examined.file === undefined || examined.loaded === undefined) return [];
  const { servers } = openConfigFile({ config: examined.file });
  return [
    ...servers.flatMap(({ id, entry }) => [...checkPin(id, entry), ...checkLiterals(id, entry, examined)]),
    ...servers.flatMap(({ id, entry }, i) =>
      servers
        .slice(0, i)
        .filter((other) => isSame(other.entry, entry))
        .map((twin): Finding => {
          const message = `${id} and ${twin.id} are the same server`;
          return {
            subject: `server ${id}`,
            level: 'warning',
            message,
            cause: 'every tool of it is there twice',
            fix: `hatago rm ${id}`,
          };
        }),
    ),
  ];
};

function checkPin(id: string, entry: Readonly<Record<string, unknown>>): readonly Finding[] {
  const { command = '', args = [], disabled } = entry as { command?: string; args?: string[]; disabled?: boolean };
  const found = disabled === true ? undefined : packageOfCommand(command, args);
  const spec = found === undefined ? undefined : parsePackageSpec(found.spec);
  if (spec?.ok !== true || isExactVersion(spec.value.version)) return [];
  return [
    {
      subject: `server ${id}`,
      level: 'warning',
      message: `${id} runs whatever release of ${spec.value.name} is newest when it starts`,
      cause: 'a release nobody looked at runs as you',
      fix: `hatago update ${id}`,
    },
  ];
}

function checkLiterals(
  id: string,
  entry: Readonly<Record<string, unknown>>,
  { file, home }: Examined,
): readonly Finding[] {
  const names = exposedIn(entry).map(({ name }) => name);
  if (names.length === 0 || file === undefined) return [];
  const isOpen = process.platform !== 'win32' && (statSync(file).mode & 0o044) !== 0;
  const kept = `keep it with \`hatago secret set <NAME>\` and write \${secret:<NAME>} in its place`;
  return [
    {
      subject: `server ${id}`,
      level: 'warning',
      message: `${names.join(', ')} of ${id} stands in the configuration as it is`,
      cause: isOpen
        ? 'other users of this machine can read the file'
        : `who gets at the file has it; ${home}/secrets.json is encrypted`,
      fix: kept,
    },
  ];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readText(path));
  } catch {
    return undefined;
  }
}
