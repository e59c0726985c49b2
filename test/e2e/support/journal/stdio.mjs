import { createInterface } from 'node:readline';

/** Serves standard input and output until the input ends. */
export function serveStdio({ server }) {
  const send = (text) => void process.stdout.write(`${text}\n`);
  const connection = server.connect({ send });
  const reply = { send, end: send, accept() {}, raw: (text) => void process.stdout.write(text), late: send };
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    if (line.trim() !== '') connection.receive(line, reply);
  });
  lines.on('close', () => connection.close());
}
