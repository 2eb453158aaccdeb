import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { PrepareOptions } from './contender.ts'
import { runStep } from './run-step.ts'

/** Packages of a contender in a folder of its own. This repository does not depend on them. */
export interface NpmInstall {
  readonly title: string
  /** Package whose version counts. */
  readonly main: string
  readonly packages: Readonly<Record<string, string>>
}

/** Installs the packages once. @returns the version of the main one */
export async function installNpm(install: NpmInstall, { directory, say }: PrepareOptions): Promise<Result<string, string>> {
  const { title, main, packages } = install
  const version = packages[main] ?? ''
  if (installedVersion(main, directory) === version) return ok(version)
  say(`installing ${title} ${version}`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true, dependencies: packages }))
  const step = await runStep('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], directory)
  if (!step.ok) return step
  return installedVersion(main, directory) === version ? ok(version) : failed('the installed version is not the pinned one')
}

function installedVersion(main: string, directory: string): string | null {
  const file = join(directory, 'node_modules', main, 'package.json')
  // Its own package.json.
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version : null
}
