/** A URI template ready to be matched. */
export interface Template {
  /** The text before the first expression. */
  readonly literal: string;
  /** Whether a URI can be an expansion of the template. */
  matches(uri: string): boolean;
}

/** Longest URI that is matched, in characters. */
const MAX_URI = 8192;

type Test = (char: string) => boolean;
/** One step of the matcher: a character, a run of characters of a class, or leave to skip the next steps. */
type Step = { readonly char: string } | { readonly run: Test } | { readonly skip: number };

const unreserved: Test = (char) => char !== '/' && char !== '?' && char !== '#';
const path: Test = (char) => char !== '?' && char !== '#';
const query: Test = (char) => char !== '#';
const any: Test = () => true;

/** What an expression with this operator expands to: an optional leading character and a run, or at least one character. */
const OPERATORS: Readonly<Record<string, { readonly lead: string; readonly run: Test }>> = {
  '#': { lead: '#', run: any },
  '.': { lead: '.', run: unreserved },
  '/': { lead: '/', run: path },
  ';': { lead: ';', run: unreserved },
  '?': { lead: '?', run: query },
  '&': { lead: '&', run: query },
};

/**
 * Reads a URI template so that URIs can be matched against it, in time linear in the URI for a given template whatever
 * the two are.
 * @see RFC 6570
 */
export function parseTemplate(template: string): Template {
  const steps: Step[] = [];
  const first = template.indexOf('{');
  const literal = first === -1 ? template : template.slice(0, first);
  let at = literal.length;
  while (at < template.length) {
    const end = template[at] === '{' ? template.indexOf('}', at) : -1;
    if (end === -1) {
      steps.push({ char: template[at] as string });
      at++;
      continue;
    }
    steps.push(...expression(template.slice(at + 1, end)));
    at = end + 1;
  }
  return {
    literal,
    matches: (uri) => uri.length <= MAX_URI && uri.startsWith(literal) && run(steps, uri, literal.length),
  };
}

function expression(text: string): Step[] {
  const operator = OPERATORS[text[0] ?? ''];
  if (operator !== undefined) return [{ skip: 2 }, { char: operator.lead }, { run: operator.run }];
  const test = text.startsWith('+') ? any : unreserved;
  return [{ run: test }];
}

/** Follows all ways through the steps at once, so that no text makes it go back. */
function run(steps: readonly Step[], uri: string, from: number): boolean {
  let now = new Set<number>();
  enter(steps, now, 0);
  for (let i = from; i < uri.length && now.size > 0; i++) {
    const next = new Set<number>();
    for (const at of now) {
      const step = steps[at];
      if (step === undefined) continue;
      if ('char' in step && step.char === uri[i]) enter(steps, next, at + 1);
      if ('run' in step && step.run(uri[i] as string)) {
        next.add(at);
        enter(steps, next, at + 1);
      }
    }
    now = next;
  }
  return now.has(steps.length);
}

function enter(steps: readonly Step[], states: Set<number>, at: number): void {
  if (states.has(at)) return;
  const step = steps[at];
  if (step === undefined || !('skip' in step)) {
    states.add(at);
    return;
  }
  enter(steps, states, at + 1);
  enter(steps, states, at + 1 + step.skip);
}
