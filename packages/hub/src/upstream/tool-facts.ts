import { isRecord, type Payload } from '@hatago/protocol';

/** What a legacy server says of one of its tools, as far as calling it depends on it. */
export interface ToolFacts {
  /** Whether it runs as a task. */
  readonly taskSupport: 'required' | 'optional' | 'forbidden';
}

/** Remembers pages of `tools/list` as they pass; they are looked into only when a fact is asked for. */
export interface ToolBook {
  learn(page: Payload, first: boolean): void;
  factsOf(name: string): ToolFacts | undefined;
}

/** Makes an empty {@link ToolBook}. */
export function createToolBook(): ToolBook {
  let unread: Payload[] = [];
  const facts = new Map<string, ToolFacts>();
  return {
    learn(page, first) {
      if (first) {
        unread = [];
        facts.clear();
      }
      unread.push(page);
    },
    factsOf(name) {
      for (const page of unread) for (const tool of toolsIn(page)) facts.set(tool.name, toFacts(tool));
      unread = [];
      return facts.get(name);
    },
  };
}

type Tool = Record<string, unknown> & { name: string };

function toolsIn(page: Payload): Tool[] {
  const tools = page.member('tools')?.value();
  return Array.isArray(tools)
    ? tools.filter((tool): tool is Tool => isRecord(tool) && typeof tool.name === 'string')
    : [];
}

function toFacts(tool: Tool): ToolFacts {
  const support = isRecord(tool.execution) ? tool.execution.taskSupport : undefined;
  return {
    taskSupport: support === 'required' || support === 'optional' ? support : 'forbidden',
  };
}
