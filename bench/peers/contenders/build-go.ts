import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failed, ok, type Result } from '../../../program/result.ts'
import { findCommand } from '../../../scripts/find-command.ts'
import type { PrepareOptions } from './contender.ts'
import { runStep } from './run-step.ts'

/** Program of a Go module. */
export interface GoProgram {
  readonly title: string
  readonly module: string
  readonly version: string
  /** Name of the built file. */
  readonly binary: string
  /** Arguments for which it prints its version. */
  readonly versionArgs: readonly string[]
  /** More flags of the linker. */
  readonly linkerFlags: string
}

/** Fetches and builds it once. `go install` takes no module with replacements; a module that names it as its tool builds it. */
export async function buildGo(program: GoProgram, { directory, say }: PrepareOptions): Promise<Result<string, string>> {
  const { title, module, version, binary, linkerFlags } = program
  if (isBuilt(program, directory)) return ok(version)
  if (findCommand('go') === null) return failed('it is built with Go, and there is no `go` on the PATH')
  mkdirSync(directory, { recursive: true })
  if (!existsSync(join(directory, 'go.mod')))
    writeFileSync(join(directory, 'go.mod'), `module carillon.invalid/peers/${binary}\n\ngo 1.25\n`)
  say(`fetching and building ${title} ${version}, which takes some minutes the first time`)
  const steps = [
    ['go', 'get', '-tool', `${module}@v${version}`],
    ['go', 'build', '-trimpath', '-ldflags', `-s -w ${linkerFlags}`.trim(), '-o', join(directory, binary), module],
  ]
  for (const [command = '', ...args] of steps) {
    const step = await runStep(command, args, directory)
    if (!step.ok) return step
  }
  return isBuilt(program, directory) ? ok(version) : failed('the built version is not the pinned one')
}

function isBuilt({ binary, version, versionArgs }: GoProgram, directory: string): boolean {
  const file = join(directory, binary)
  return existsSync(file) && spawnSync(file, versionArgs, { encoding: 'utf8' }).stdout.includes(version)
}
