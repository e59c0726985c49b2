import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { VERSION } from '../version.ts';
import type { Check, Examined, Finding } from './check.ts';

interface HubStatus {
  readonly version: string;
  readonly pid: number;
  readonly url: string | null;
  readonly ready: boolean;
  readonly draining: boolean;
  readonly rejected: readonly string[] | null;
  readonly generation: number;
  readonly sessions: number;
}

/** Whether the hub that runs here answers, is of this version, and has the configuration as it stands. */
export const checkHub: Check = async ({ hub, home }) => {
  const subject = 'hub';
  if (hub === undefined) {
    const unreachable = silentHub(home);
    return unreachable === undefined ? [{ subject, level: 'ok', message: 'none runs here' }] : [unreachable];
  }
  let status: HubStatus;
  try {
    status = await hub.get<HubStatus>('/status');
  } catch (error) {
    const message = `a hub runs here (process ${hub.run.pid}) and does not answer: ${(error as Error).message}`;
    return [{ subject, level: 'error', message, fix: 'hatago stop' }];
  }
  const { pid, url, generation, sessions, version, rejected, ready, draining } = status;
  const where = url === null ? 'over stdio' : `at ${url}`;
  const counted = `generation ${generation}, ${sessions === 1 ? 'one session' : `${sessions} sessions`}`;
  const findings: Finding[] = [{ subject, level: 'ok', message: `process ${pid} serves ${where}: ${counted}` }];
  if (version !== VERSION) {
    const message = `the hub that runs is version ${version}, this is ${VERSION}`;
    findings.push({ subject, level: 'warning', message, fix: 'stop the hub and start it again' });
  }
  if (rejected !== null) {
    const cause = rejected.join('; ');
    findings.push({
      subject,
      level: 'error',
      message: 'the hub refused the last configuration and goes on with the one before',
      cause,
      fix: 'correct it; the hub takes it over by itself',
    });
  }
  if (draining) findings.push({ subject, level: 'warning', message: 'the hub is about to end' });
  else if (!ready) findings.push({ subject, level: 'warning', message: 'the hub still waits for servers to start' });
  return findings;
};

/** The run file of a process that is alive but says nothing of a way to reach it. */
function silentHub(home: string): Finding | undefined {
  const path = join(home, 'run', 'hub.json');
  if (!existsSync(path)) return undefined;
  try {
    JSON.parse(readFileSync(path, 'utf8'));
    return undefined;
  } catch {
    return {
      subject: 'hub',
      level: 'warning',
      message: `${path} cannot be read as what a hub writes of itself`,
      cause: 'no command finds the hub by it',
      fix: 'hatago doctor --fix',
      mend() {
        rmSync(path, { force: true });
        return `removed ${path}; a hub that runs writes it anew when it is started again`;
      },
    };
  }
}

/** Sockets in the run folder that nobody listens on any more. */
export const checkSockets: Check = async ({ home, hub }) => {
  const folder = join(home, 'run');
  const sockets = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sock')) : [];
  const dead: string[] = [];
  for (const name of sockets) {
    const path = join(folder, name);
    if (path !== hub?.run.socket && !(await answers(path))) dead.push(path);
  }
  if (dead.length === 0)
    return [
      {
        subject: 'sockets',
        level: 'ok',
        message: sockets.length === 0 ? 'there are none' : 'each has a hub behind it',
      },
    ];
  return [
    {
      subject: 'sockets',
      level: 'warning',
      message: `nobody listens on ${dead.join(', ')}`,
      cause: 'a hub was killed',
      fix: 'hatago doctor --fix',
      mend() {
        for (const path of dead) rmSync(path, { force: true });
        return `removed ${dead.join(', ')}`;
      },
    },
  ];
};

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

/** Whether the port of the configuration is ours, or free to be. */
export const checkPort: Check = async ({ hub, loaded, env }) => {
  const subject = 'port';
  if (hub?.run.url !== undefined)
    return [{ subject, level: 'ok', message: `${new URL(hub.run.url).port} is that of the running hub` }];
  const { host, port } = addressOf(loaded, env);
  if (port === 0) return [{ subject, level: 'ok', message: 'any that is free' }];
  const why = await whyNotFree(host, port);
  if (why === undefined) return [{ subject, level: 'ok', message: `${port} on ${host} is free` }];
  if (why === 'EADDRINUSE') {
    const message = `${port} on ${host} is in use by another program`;
    return [
      {
        subject,
        level: 'warning',
        message,
        cause: '`hatago serve --http` cannot listen there',
        fix: 'end that program, or set another "http.port"',
      },
    ];
  }
  return [
    {
      subject,
      level: 'error',
      message: `nothing can listen on ${port} of ${host} (${why})`,
      fix: 'set another "http.host" or "http.port"',
    },
  ];
};

function addressOf(loaded: Examined['loaded'], env: Examined['env']): { host: string; port: number } {
  const http = loaded?.config.http ?? { host: '127.0.0.1', port: 3535 };
  return { host: env['HATAGO_HOST'] ?? http.host, port: Number(env['HATAGO_PORT'] ?? http.port) };
}

function whyNotFree(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}
