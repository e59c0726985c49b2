import ts from 'typescript';
import type { Confined } from './rules.ts';
import { isTest, type Source, toTree } from './sources.ts';

/** One exception: a file, or one function of it, that may be longer, with the reason. */
export interface Allowed {
  readonly file: string;
  readonly function?: string;
  readonly reason: string;
}

/** Files and functions over their limits without an exception, and exceptions that nothing needs any more. */
export function checkSizes(
  sources: readonly Source[],
  max: { readonly fileLines: number; readonly functionLines: number },
  allowList: readonly Allowed[],
): string[] {
  const faults: string[] = [];
  const used = new Set<Allowed>();
  const isAllowed = (file: string, name?: string): boolean => {
    const entry = allowList.find((candidate) => candidate.file === file && candidate.function === name);
    if (entry !== undefined) used.add(entry);
    return entry !== undefined;
  };
  for (const source of sources) {
    const lines = lineCount(source.text);
    if (lines > max.fileLines && !isAllowed(source.path)) faults.push(`${source.path}: ${lines} lines`);
    if (isTest(source.path)) continue;
    for (const { name, size } of functionsOf(source)) {
      if (size > max.functionLines && !isAllowed(source.path, name)) {
        faults.push(`${source.path}: ${name} has ${size} lines`);
      }
    }
  }
  for (const entry of allowList) {
    const name = entry.function === undefined ? entry.file : `${entry.file} ${entry.function}`;
    if (entry.reason.trim().length < 10) faults.push(`allow-list: ${name} gives no reason`);
    if (!used.has(entry)) faults.push(`allow-list: ${name} is within the limits or gone`);
  }
  return faults;
}

/** Default exports, files not in kebab-case and uses of `any`. */
export function checkStyle(sources: readonly Source[]): string[] {
  const faults: string[] = [];
  for (const source of sources) {
    const file = source.path.split('/').at(-1) ?? '';
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*\.(?:ts|mjs)$/.test(file)) {
      faults.push(`${source.path}: not in kebab-case`);
    }
    const visit = (node: ts.Node): void => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) faults.push(`${at(source, node)}: any`);
      if (isDefaultExport(node)) faults.push(`${at(source, node)}: default export`);
      ts.forEachChild(node, visit);
    };
    visit(toTree(source));
  }
  return faults;
}

/** Constructs in files that may not hold them. */
export function checkConfined(sources: readonly Source[], rules: readonly Confined[]): string[] {
  const faults: string[] = [];
  for (const source of sources) {
    if (isTest(source.path)) continue;
    const code = withoutTextAndComments(source);
    for (const rule of rules) {
      if (!source.path.startsWith(rule.within) || rule.allowed.some((start) => source.path.startsWith(start))) continue;
      code.split('\n').forEach((line, index) => {
        if (rule.pattern.test(line)) faults.push(`${source.path}:${index + 1}: ${rule.what} (${rule.why})`);
      });
    }
  }
  return faults;
}

/** The middle of the files' line counts. */
export function medianLines(sources: readonly Source[]): number {
  const counts = sources.map(({ text }) => lineCount(text)).sort((a, b) => a - b);
  return counts[Math.floor(counts.length / 2)] ?? 0;
}

/** Lines that are not blank. */
export function filledLines(text: string): number {
  return text.split('\n').filter((line) => line.trim() !== '').length;
}

function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}

function functionsOf(source: Source): { name: string; size: number }[] {
  const tree = toTree(source);
  const found: { name: string; size: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
      const last = tree.getLineAndCharacterOfPosition(node.end).line;
      found.push({ name: nameOf(node), size: last - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function nameOf(node: ts.SignatureDeclaration): string {
  const own = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  if (own !== undefined) return own.getText();
  return ts.isConstructorDeclaration(node) ? 'constructor' : 'a nameless function';
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  );
}

/** The code without comments, contents of strings and names of members that it declares, line by line as before. */
function withoutTextAndComments(source: Source): string {
  const tree = toTree(source);
  const cuts: [number, number][] = [];
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [])
      cuts.push([range.pos, range.end]);
    for (const range of ts.getTrailingCommentRanges(source.text, node.end) ?? []) cuts.push([range.pos, range.end]);
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) || ts.isRegularExpressionLiteral(node)) {
      cuts.push([node.getStart(tree) + 1, node.end - 1]);
    }
    if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node))
      cuts.push([node.name.getStart(tree), node.name.end]);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
  return cuts.reduce(
    (text, [from, to]) => text.slice(0, from) + blank(text.slice(from, to)) + text.slice(to),
    source.text,
  );
}

function at(source: Source, node: ts.Node): string {
  const tree = toTree(source);
  return `${source.path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
}
