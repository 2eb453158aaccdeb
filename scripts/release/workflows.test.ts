import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Yaml } from 'cdk8s'
import { describe, expect, it } from 'vitest'

/** Checks of the files of .github/ without GitHub. A job of CI runs actionlint. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const files = globSync('.github/**/*.yml', { cwd: root }).toSorted()
const workflows = files.filter((path) => path.includes('/workflows/'))

interface Step {
  readonly run?: string
}

interface Job {
  readonly 'timeout-minutes'?: number
  readonly steps: readonly Step[]
}

/** Returns the document of a file of ours. */
const load = (path: string): Readonly<Record<string, unknown>> => Yaml.load(join(root, path))[0] as Readonly<Record<string, unknown>>
const jobsOf = (path: string): readonly Job[] => Object.values(load(path)['jobs'] as Readonly<Record<string, Job>>) // actionlint checks the form
const steps = workflows.flatMap((path) => jobsOf(path).flatMap((job) => job.steps))
const commands = steps.map(({ run = '' }) => run).join('\n')

describe('a file of .github', () => {
  it.each(files)('%s is YAML with one document', (path) => {
    expect(Yaml.load(join(root, path))).toEqual([expect.any(Object)])
  })

  it('is there for each purpose', () => {
    expect(files).toEqual([
      '.github/ISSUE_TEMPLATE/bug.yml',
      '.github/ISSUE_TEMPLATE/config.yml',
      '.github/ISSUE_TEMPLATE/feature.yml',
      '.github/dependabot.yml',
      '.github/workflows/ci.yml',
      '.github/workflows/codeql.yml',
      '.github/workflows/pages.yml',
      '.github/workflows/release.yml',
    ])
  })
})

describe('a workflow', () => {
  it('names only targets of make', () => {
    const targets = [...read('Makefile').matchAll(/^([a-z0-9-]+):/gm)].map(([, target]) => target)
    const named = [...commands.matchAll(/\bmake ([a-z][a-z0-9-]*)/g)].map(([, target]) => target)
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((target) => !targets.includes(target))).toEqual([])
  })

  it('names only scripts of npm, and scripts of this repository', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: object } // a file of ours
    const named = [...commands.matchAll(/\bnpm run (?:--\S+ )*([\w:-]+)/g)].map(([, script = '']) => script)
    expect(named.filter((script) => !(script in scripts))).toEqual([])
    const paths = [...commands.matchAll(/^\s*(\.[\w-]+\/[\w/.-]+)/gm)].map(([, path = '']) => path)
    expect(paths).toEqual(['.ci/run'])
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('pins every action by its commit, with the version beside it, and every Go command by a version', () => {
    const lines = workflows.flatMap((path) => [...read(path).matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, uses = '']) => uses))
    expect(lines.length).toBeGreaterThan(15)
    expect(lines.filter((uses) => !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(uses))).toEqual([])
    // One version of an action has one commit.
    const pins = new Set(lines.map((uses) => uses.replace(/^([\w.-]+\/[\w.-]+)[^@]*@/, '$1@')))
    expect(new Set([...pins].map((pin) => pin.replace(/@.* # /, ' '))).size).toBe(pins.size)
    const modules = [...commands.matchAll(/\bgo (?:run|install) (\S+)/g)].map(([, module = '']) => module)
    expect(modules.length).toBeGreaterThan(2)
    expect(modules.filter((module) => !/@(?:v\d+\.\d+\.\d+|release-\d+\.\d+)$/.test(module))).toEqual([])
  })

  it.each(workflows)('%s has a time limit for each job, and may only read unless a job says more', (path) => {
    expect(jobsOf(path).filter((job) => !((job['timeout-minutes'] ?? 0) > 0))).toEqual([])
    expect(load(path)['permissions']).toEqual({ contents: 'read' })
  })

  it('puts no expression into a shell script, because a name could then be a command', () => {
    expect(commands.match(/\$\{\{[^}]*\}\}/g)).toBeNull()
  })
})

it('forms ask only for versions that the programs can print', () => {
  expect(read('.github/ISSUE_TEMPLATE/bug.yml')).toContain('node gateway/main.ts --version')
})
