import { editObject, Payload, type Piece } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Middleware, Outcome } from '../core/exchange.ts';
import type { Log } from '../core/log.ts';
import { type Decision, decide, type PolicyRules } from './policy-decision.ts';

/** Which names of one tool the rules are held against: the one of `/mcp`, and the one the caller's route shows. */
export type PolicyNames = (name: string) => readonly string[];

/** What one route tells the policy of its names. */
export interface PolicyRoute {
  readonly names: PolicyNames;
  /** Resolves when the names the route knows so far are all there are; undefined when they already are. */
  settled(): Promise<void> | undefined;
  /** Whether the route knows the name. */
  knows(name: string): boolean;
}

/** What the policy decided since its generation began. */
export interface PolicyStats {
  readonly allowed: number;
  readonly denied: number;
  /** Calls that went on only because decisions are not enforced. */
  readonly wouldDeny: number;
  /** Decisions by the id of their rule; those of the default effect under `default`. */
  readonly byRule: Readonly<Record<string, number>>;
}

/** The policy of one generation. */
export interface Policy {
  readonly rules: PolicyRules;
  /** What would be decided of a tool; counted nowhere. */
  test(names: readonly string[], principal: string): Decision;
  /** The rule on calls and lists of one route; undefined where everything is allowed. */
  forRoute(route: PolicyRoute): Middleware | undefined;
  stats(): PolicyStats;
}

/** Options of {@link createPolicy}. */
export interface PolicyOptions {
  readonly rules: PolicyRules;
  readonly log: Log;
  /** Makes the id by which a refusal is found in the log. @default a random UUID */
  newId?(): string;
}

/**
 * Makes the policy of a generation. A tool that is denied is left out of the lists of those it is denied to, and its call
 * ends in `policy_denied` with the id of the decision; with `dryRun` both go on and the log says what would have happened.
 */
export function createPolicy(options: PolicyOptions): Policy {
  const { rules, log, newId = () => crypto.randomUUID() } = options;
  const counts = { allowed: 0, denied: 0, wouldDeny: 0 };
  const byRule: Record<string, number> = {};
  const trivial = !rules.enabled || (rules.rules.length === 0 && rules.defaultEffect === 'allow');

  const judge = (names: readonly string[], exchange: Exchange): Outcome | undefined => {
    const decision = decide(rules, { names, principal: exchange.principal.id });
    byRule[decision.rule] = (byRule[decision.rule] ?? 0) + 1;
    if (decision.effect === 'allow') {
      counts.allowed++;
      return undefined;
    }
    counts[rules.dryRun ? 'wouldDeny' : 'denied']++;
    const decisionId = newId();
    log({
      level: rules.dryRun ? 'info' : 'warn',
      event: rules.dryRun ? 'policy.would_deny' : 'policy.denied',
      message: `${rules.dryRun ? 'the policy would deny' : 'the policy denies'} ${names[0]} to ${exchange.principal.id}`,
      tool: names[0],
      principal: exchange.principal.id,
      rule: decision.rule,
      decisionId,
    });
    return rules.dryRun ? undefined : failure('HATAGO_POLICY_DENIED', { data: { decisionId, rule: decision.rule } });
  };

  return {
    rules,
    test: (names, principal) => decide(rules, { names, principal }),
    stats: () => ({ ...counts, byRule: { ...byRule } }),
    forRoute(route) {
      if (trivial) return undefined;
      const isShown = (name: string, principal: string): boolean =>
        rules.dryRun || decide(rules, { names: route.names(name), principal }).effect === 'allow';
      const lists = createListFilter(isShown);
      return (exchange, next) => {
        if (exchange.method === 'tools/list') return next(exchange).then((outcome) => lists(exchange, outcome));
        if (exchange.method !== 'tools/call') return next(exchange);
        const name = exchange.params.text('name');
        if (name === undefined) return next(exchange);
        const enter = (): Promise<Outcome> => {
          const refusal = judge(route.names(name), exchange);
          return refusal === undefined ? next(exchange) : Promise.resolve(refusal);
        };
        // A name that is not known yet may turn out to be another's short form, so what it stands for is awaited first.
        const settled = route.knows(name) ? undefined : route.settled();
        return settled === undefined ? enter() : settled.then(enter);
      };
    },
  };
}

/** Leaves out of a list what is not shown; a page that was filtered for a principal is not filtered again. */
function createListFilter(
  isShown: (name: string, principal: string) => boolean,
): (exchange: Exchange, outcome: Outcome) => Outcome {
  const known = new WeakMap<Payload, Map<string, Payload>>();
  const filter = (page: Payload, principal: string): Payload => {
    const tools = page.member('tools')?.elements();
    if (tools === undefined) return page;
    const shown = tools.filter((tool) => {
      const name = tool.text('name');
      return name === undefined || isShown(name, principal);
    });
    if (shown.length === tools.length) return page;
    const list: Piece[] = shown.flatMap((tool, i) => [i === 0 ? '[' : ',', ...tool.pieces()]);
    // What is left differs from caller to caller, whatever the servers said of it.
    return Payload.ofPieces(
      editObject(page, { tools: shown.length === 0 ? '[]' : [...list, ']'], cacheScope: '"private"' }),
    );
  };
  return (exchange, outcome) => {
    if (outcome.kind !== 'complete') return outcome;
    const principal = exchange.principal.id;
    const perPrincipal = known.get(outcome.result) ?? new Map<string, Payload>();
    known.set(outcome.result, perPrincipal);
    let page = perPrincipal.get(principal);
    if (page === undefined) {
      page = filter(outcome.result, principal);
      perPrincipal.set(principal, page);
    }
    return page === outcome.result ? outcome : { ...outcome, result: page };
  };
}
