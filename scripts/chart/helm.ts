import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Yaml } from 'cdk8s'
import type { KubernetesObject } from '../../api/kubernetes.ts'

export const chartFolder = fileURLToPath(new URL('../../charts/carillon/', import.meta.url))

export interface HelmAnswer {
  readonly isOk: boolean
  readonly stdout: string
  readonly stderr: string
}

/**
 *
 * @throws when helm is missing: without a rendering the chart is not tested
 */
export function helm(args: readonly string[], env: Readonly<Record<string, string>> = {}): HelmAnswer {
  const { error, status, stdout, stderr } = spawnSync('helm', args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 << 20,
  })
  if (error !== undefined)
    throw new Error(
      `the tests of the chart need a command \`helm\` (3.14 or later) on the PATH: https://helm.sh/docs/intro/install (${error.message})`,
      { cause: error },
    )
  return { isOk: status === 0, stdout, stderr }
}

/** Renders the chart with Helm. @throws with Helm's message when it refuses */
export function renderedObjects(args: readonly string[], namespace = 'carillon-system'): readonly KubernetesObject[] {
  const { isOk, stdout, stderr } = helm(['template', 'carillon', chartFolder, '--namespace', namespace, ...args])
  if (!isOk) throw new Error(stderr)
  return parseYaml(stdout)
}

/** Parses objects written as YAML. */
export function parseYaml(text: string): readonly KubernetesObject[] {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-chart-'))
  try {
    const file = join(folder, 'objects.yaml')
    writeFileSync(file, text)
    return Yaml.load(file) as KubernetesObject[] // Helm renders objects, and the API server checks them
  } finally {
    rmSync(folder, { recursive: true })
  }
}
