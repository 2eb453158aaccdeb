import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A fresh project of a user, outside of the repository: it finds no package but those that it installs. */
export interface UserProject {
  readonly folder: string
  write(files: Readonly<Record<string, string>>): Promise<void>
  /**
   * Installs tarballs as npm does. Without the network, they must have no dependencies but those that the project has.
   * @throws with the output of npm when it refuses them
   */
  install(tarballs: readonly string[], options?: { readonly isOnline?: boolean }): Promise<void>
  /** Unpacks a tarball into node_modules, and links its peers from this repository, because npm would ask the registry for them. */
  unpack(tarball: string, name: string, peers: readonly string[]): Promise<void>
  /** Runs a command in the folder, for two minutes at most. */
  run(command: string, ...args: readonly string[]): Promise<CommandResult>
  remove(): Promise<void>
}

export interface CommandResult {
  readonly code: number
  /** Standard output, then standard error. */
  readonly output: string
}

/** @param type of the files that end in `.js` */
export async function createUserProject(type: 'module' | 'commonjs' = 'module'): Promise<UserProject> {
  const project = openUserProject(await mkdtemp(join(tmpdir(), 'carillon-user-')))
  await project.write({ 'package.json': JSON.stringify({ name: 'user', version: '1.0.0', private: true, type }) })
  return project
}

/** Returns the project in a folder that exists. */
export function openUserProject(folder: string): UserProject {
  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
  }
  const run = (command: string, ...args: readonly string[]): Promise<CommandResult> => runCommand(command, args, folder)
  const runWell = async (command: string, ...args: readonly string[]): Promise<void> => {
    const { code, output } = await run(command, ...args)
    if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output}`)
  }
  return {
    folder,
    write,
    run,
    install: (tarballs, { isOnline = false } = {}) =>
      runWell('npm', 'install', isOnline ? '--prefer-offline' : '--offline', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs),
    unpack: async (tarball, name, peers) => {
      const home = join(folder, 'node_modules', name)
      await mkdir(home, { recursive: true })
      await runWell('tar', '-xzf', tarball, '-C', home, '--strip-components=1')
      for (const peer of peers) {
        await mkdir(dirname(join(folder, 'node_modules', peer)), { recursive: true })
        await symlink(join(root, 'node_modules', peer), join(folder, 'node_modules', peer))
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

function runCommand(command: string, args: readonly string[], cwd: string): Promise<CommandResult> {
  return new Promise((resolve) =>
    execFile(command, args, { cwd, timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` }),
    ),
  )
}

/** Compiles with the TypeScript of this repository. @returns what the compiler says; empty when all is well */
export const compile = async (project: UserProject, options: object, files: readonly string[]): Promise<string> =>
  compileWith(join(root, 'node_modules/typescript/bin/tsc'), project, options, files)

/**
 * Compiles with TypeScript 5, the last that has the classic resolution, which TypeScript 7 left out. It is the one that
 * `@arethetypeswrong/core` brings.
 */
export const compileClassic = async (project: UserProject, options: object, files: readonly string[]): Promise<string> =>
  compileWith(
    join(dirname(createRequire(createRequire(import.meta.url).resolve('@arethetypeswrong/core')).resolve('typescript')), '../bin/tsc'),
    project,
    options,
    files,
  )

/** Options of a project that is as strict as TypeScript can be, and checks the types of its packages, too. */
export const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2022',
  types: [],
}

/** Compiles with a given compiler. */
export async function compileWith(command: string, project: UserProject, options: object, files: readonly string[]): Promise<string> {
  await project.write({ 'tsconfig.json': JSON.stringify({ compilerOptions: { ...strict, ...options }, files }) })
  return (await project.run(command, '--project', 'tsconfig.json')).output
}
