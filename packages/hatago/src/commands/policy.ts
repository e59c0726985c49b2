import type { ApplyResult } from '@hatago/hub/control/control-plane.ts';
import type { Decision, PolicyRules } from '@hatago/hub/middleware/policy-decision.ts';
import { type PolicyChange, withChange } from '../control/policy-change.ts';
import { printApplied } from '../control/print-applied.ts';
import { findHub, type HubOptions, requireHub } from '../control/require-hub.ts';
import { EXIT } from '../exit.ts';
import { clean, formatTable, print, printJson } from '../output.ts';

interface PolicyAnswer {
  readonly policy: PolicyRules;
  readonly stats: {
    readonly allowed: number;
    readonly denied: number;
    readonly wouldDeny: number;
    readonly byRule: Readonly<Record<string, number>>;
  };
}

/** Shows the policy in effect: of the running hub, else of the configuration. */
export async function showPolicy(options: HubOptions): Promise<void> {
  const policy = await policyOf(options);
  if (options.json) return printJson(policy);
  const { enabled, dryRun, defaultEffect, rules } = policy;
  const mode = !enabled ? 'disabled: everything is allowed' : dryRun ? 'a dry run: logged, not enforced' : 'enforced';
  print(`The policy is ${mode}. What no rule matches: ${defaultEffect}.`);
  if (rules.length === 0) return print('It has no rules; `hatago policy deny <pattern>` adds one.');
  const rows = rules.map(({ id, effect, tool, principal }) => [id, effect, tool, principal]);
  print(`\n${formatTable(['RULE', 'EFFECT', 'TOOL', 'PRINCIPAL'], rows)}`);
}

/** Says what the policy makes of a tool, and by which rule; exit code 5 where it denies. */
export async function testPolicy(tool: string, options: HubOptions & { readonly principal?: string }): Promise<void> {
  const { principal = 'local' } = options;
  const hub = findHub(options);
  const decision =
    hub === undefined
      ? await decideOffline(tool, principal, options)
      : await hub.post<Decided>('/policy/test', { tool, principal });
  const { dryRun } = decision;
  if (decision.effect === 'deny' && !dryRun) process.exitCode = EXIT.denied;
  if (options.json) return printJson({ tool, principal, ...decision });
  print(`${decision.effect}  ${clean(tool)} for ${clean(principal)}`);
  print(clean(decision.reason));
  if (dryRun && decision.effect === 'deny') print('It is a dry run, so the call would go on all the same.');
}

/** Shows what the policy of the running hub decided since its generation began. */
export async function policyStats(options: HubOptions): Promise<void> {
  const { stats } = await requireHub(options).get<PolicyAnswer>('/policy');
  if (options.json) return printJson(stats);
  const { allowed, denied, wouldDeny, byRule } = stats;
  print(`${allowed} allowed, ${denied} denied, ${wouldDeny} denied only on paper`);
  const rows = Object.entries(byRule).map(([rule, count]) => [rule, String(count)]);
  if (rows.length > 0) print(`\n${formatTable(['RULE', 'DECISIONS'], rows)}`);
}

/** Changes the policy in the configuration file, and in the running hub if there is one. */
export async function changePolicy(change: PolicyChange, options: HubOptions): Promise<void> {
  const hub = findHub(options);
  const changed = withChange(await policyOf(options), change);
  if (hub !== undefined) {
    const { result } = await hub.put<{ result: ApplyResult }>('/policy', changed);
    return printApplied(result, options);
  }
  const file = await writeOffline(changed, options);
  if (options.json) printJson({ file, policy: changed });
  else print(`Written to ${file}. No hub is running here; the next one takes it over.`);
}

type Decided = Decision & { readonly dryRun: boolean };

async function decideOffline(tool: string, principal: string, options: HubOptions): Promise<Decided> {
  const { decide } = await import('@hatago/hub/middleware/policy-decision.ts');
  const policy = await policyOf(options);
  return { ...decide(policy, { names: [tool], principal }), dryRun: policy.dryRun };
}

async function policyOf(options: HubOptions): Promise<PolicyRules> {
  const hub = findHub(options);
  if (hub !== undefined) return (await hub.get<PolicyAnswer>('/policy')).policy;
  const { loadContext } = await import('../context.ts');
  return loadContext(options).config.policy;
}

async function writeOffline(changed: Partial<PolicyRules>, options: HubOptions): Promise<string> {
  const { writePolicy } = await import('../control/write-policy.ts');
  return writePolicy(changed, options);
}
