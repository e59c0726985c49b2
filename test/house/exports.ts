import { posix } from 'node:path';
import ts from 'typescript';
import { type Source, toTree } from './sources.ts';

/** The names that a module makes public, types marked as such, sorted; re-exports of whole modules are followed. */
export function exportsOf(path: string, read: (path: string) => string): string[] {
  return [...new Set(collect({ path, text: read(path) }, read))].sort();
}

function collect(source: Source, read: (path: string) => string): string[] {
  return toTree(source).statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) return reExported(statement, source.path, read);
    if (!ts.canHaveModifiers(statement)) return [];
    const exported = (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    return exported ? declared(statement) : [];
  });
}

function reExported(statement: ts.ExportDeclaration, from: string, read: (path: string) => string): string[] {
  const clause = statement.exportClause;
  const type = statement.isTypeOnly;
  if (clause === undefined) {
    const name = (statement.moduleSpecifier as ts.StringLiteral).text;
    const path = posix.join(posix.dirname(from), name);
    return collect({ path, text: read(path) }, read);
  }
  if (ts.isNamespaceExport(clause)) return [clause.name.text];
  return clause.elements.map((element) =>
    type || element.isTypeOnly ? `type ${element.name.text}` : element.name.text,
  );
}

function declared(statement: ts.Statement): string[] {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement))
    return [`type ${statement.name.text}`];
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
    return [statement.name?.text ?? 'default'];
  return ts.isEnumDeclaration(statement) || ts.isModuleDeclaration(statement) ? [statement.name.text] : [];
}
