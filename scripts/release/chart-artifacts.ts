import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { textArtifact, type Artifact } from './artifact.ts'
import { output } from './command.ts'
import { readTarball, writeTarball } from './tar.ts'

/** Namespace of `install.yaml`, as in docs/install.md. */
export const namespace = 'carillon-system'

/**
 * Packages the chart with Helm. Helm before version 4 writes the present time into the archive, so the files are packed again with the time of the
 * commit.
 */
export async function packageChart(
  root: string,
  { version, epoch }: { readonly version: string; readonly epoch: number },
): Promise<Artifact> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-chart-'))
  const name = `carillon-${version}.tgz`
  try {
    output(
      'helm',
      ['package', join(root, 'charts/carillon'), '--version', version, '--app-version', version, '--destination', folder],
      root,
    )
    return { name, bytes: await writeTarball(await readTarball(readFileSync(join(folder, name))), epoch) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Renders the definitions and the operator for `kubectl apply --server-side -f install.yaml`. A class is left out: the API server does not know its
 * kind before the definitions of this file are applied. Hooks are left out, because only Helm runs them.
 */
export function renderInstall(root: string): Artifact {
  const args = ['template', 'carillon', join(root, 'charts/carillon'), '--namespace', namespace]
  const objects = output('helm', [...args, '--no-hooks', '--skip-tests', '--set', 'class.create=false'], root)
  const head = [
    '# Definitions and operator of Carillon: kubectl apply --server-side -f install.yaml. Then apply a RealtimeChannelClass (docs/classes.md).',
    'apiVersion: v1',
    'kind: Namespace',
    'metadata:',
    `  name: ${namespace}`,
    '',
  ]
  return textArtifact('install.yaml', head.join('\n') + objects)
}
