import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { failed, ok, type Result } from '../../program/result.ts'

/** Programs of a control plane, as absolute paths. */
export interface ControlPlaneCommands {
  readonly etcd: string
  readonly kubeApiserver: string
  /** Null: not installed. Then garbage collection, ends of namespaces and other controllers do not work. */
  readonly kubeControllerManager: string | null
}

/** Advice of the test runner as well. */
export const howToGetAControlPlane =
  'Get them with `go run sigs.k8s.io/controller-runtime/tools/setup-envtest@latest use -p path`, and set KUBEBUILDER_ASSETS to the folder that it prints; or put them on the PATH.'

/**
 * Looks for etcd and kube-apiserver in the folder KUBEBUILDER_ASSETS, then on the PATH.
 * @returns their paths, or sentences that name what is missing and how to get it
 */
export function findControlPlaneCommands(env: Readonly<Record<string, string | undefined>>): Result<ControlPlaneCommands, string> {
  const folders = [env['KUBEBUILDER_ASSETS'] ?? '', ...(env['PATH'] ?? '').split(delimiter)].filter((folder) => folder !== '')
  const find = (name: string): string | null => folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
  const [etcd, kubeApiserver] = [find('etcd'), find('kube-apiserver')]
  if (etcd !== null && kubeApiserver !== null) {
    return ok({ etcd, kubeApiserver, kubeControllerManager: find('kube-controller-manager') })
  }
  const missing = [etcd === null ? '`etcd`' : '', kubeApiserver === null ? '`kube-apiserver`' : '']
    .filter((name) => name !== '')
    .join(' and ')
  return failed(`They need ${missing}, with which they start and kill a control plane of their own. ${howToGetAControlPlane}`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false // missing, or not executable for this user
  }
}
