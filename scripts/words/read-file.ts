import type { Excerpt } from './excerpt.ts'
import { readMarkdown } from './read-markdown.ts'
import { type Language, readHtml, readNotes, readSource } from './read-source.ts'
import { readTypeScript } from './read-typescript.ts'

const languages: Readonly<Record<string, Language>> = {
  py: 'python',
  go: 'go',
  java: 'java',
  sh: 'shell',
  yaml: 'yaml',
  yml: 'yaml',
  tpl: 'yaml',
  css: 'css',
}

const namedFiles: Readonly<Record<string, Language>> = {
  Makefile: 'make',
  Dockerfile: 'dockerfile',
  '.gitignore': 'dockerfile',
  '.dockerignore': 'dockerfile',
  '.helmignore': 'dockerfile',
  '.editorconfig': 'dockerfile',
  '.npmrc': 'dockerfile',
  '.oxlintrc.json': 'json',
}

/** Tests, test doubles and builders. Their literals are values that a test gives or expects; users do not see them. */
const tests = /\.test\.ts$|\.contract\.ts$|(?:^|\/)testing\//

/** Returns the texts of a file that people read; none for a language that is not known here. */
export function readFile(path: string, source: string): readonly Excerpt[] {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const extension = name.slice(name.lastIndexOf('.') + 1)
  const isTest = tests.test(path)
  if (/^[cm]?[jt]s$/.test(extension)) return readTypeScript(source, { isTest })
  if (extension === 'md') return readMarkdown(source)
  if (extension === 'html') return readHtml(source)
  if (name === 'NOTES.txt') return readNotes(source)
  const language =
    namedFiles[name] ?? languages[extension] ?? (/^#!.*\bsh\b/.test(source) || /^#!.*\bbash\b/.test(source) ? 'shell' : undefined)
  return language === undefined ? [] : readSource(source, language, { isTest })
}
