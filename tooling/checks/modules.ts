import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** Every module that a source file names, with the line where it does (counted from 1). */
export function specifiers(path: string): { specifier: string; line: number }[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const found: { specifier: string; line: number }[] = []
  const add = (node: ts.Node | undefined): void => {
    if (!node || !ts.isStringLiteralLike(node)) return
    found.push({ specifier: node.text, line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1 })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier)
    else if (ts.isExternalModuleReference(node)) add(node.expression)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal)
    else if (ts.isCallExpression(node) && namesModule(node)) add(node.arguments[0])
    else if (ts.isNewExpression(node) && isModuleUrl(node)) add(node.arguments?.[0])
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** import('x'), require('x'), require.resolve('x'), import.meta.resolve('x'). */
function namesModule(call: ts.CallExpression): boolean {
  if (call.expression.kind === ts.SyntaxKind.ImportKeyword) return true
  return ['require', 'require.resolve', 'import.meta.resolve'].includes(call.expression.getText())
}

/** new URL('../x.js', import.meta.url): how a worker's file is named. */
function isModuleUrl(node: ts.NewExpression): boolean {
  return node.expression.getText() === 'URL' && node.arguments?.[1]?.getText() === 'import.meta.url'
}
