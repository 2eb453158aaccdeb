import { join } from 'node:path'

/** Addresses and files that the programs share. */
export interface ControlPlaneFiles {
  readonly directory: string
  /** Port for clients; the next one is for peers. */
  readonly etcdPort: number
  readonly port: number
  readonly controllerManagerPort: number
  /** Folder of the API server's certificate. It makes one when there is none. */
  readonly certificateDirectory: string
  readonly kubeconfigFile: string
  readonly serviceAccountKeyFile: string
  readonly tokenFile: string
}

export function etcdFlags(files: ControlPlaneFiles): readonly string[] {
  const [client, peer] = [`http://127.0.0.1:${files.etcdPort}`, `http://127.0.0.1:${files.etcdPort + 1}`]
  return [
    '--name=test',
    `--data-dir=${join(files.directory, 'etcd')}`,
    '--log-level=warn',
    // Tests kill processes, not machines, so the kernel keeps what was written.
    '--unsafe-no-fsync',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
  ]
}

export interface ApiServerChoices {
  readonly controllers?: readonly string[]
  readonly apiServerFlags?: readonly string[]
}

export function apiServerFlags(
  files: ControlPlaneFiles,
  { controllers = [], apiServerFlags: more = [] }: ApiServerChoices,
): readonly string[] {
  // This admission plugin refuses pods in namespaces without the default account, which only its controller makes.
  const hasServiceAccounts = controllers.some((name) => name.startsWith('serviceaccount'))
  return [
    `--etcd-servers=http://127.0.0.1:${files.etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${files.port}`,
    `--cert-dir=${files.certificateDirectory}`,
    `--token-auth-file=${files.tokenFile}`,
    '--authorization-mode=RBAC',
    '--allow-privileged',
    // There is one API server, and no client finds it by its Service.
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${files.serviceAccountKeyFile}`,
    `--service-account-signing-key-file=${files.serviceAccountKeyFile}`,
    ...(hasServiceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...more,
  ]
}

export function controllerManagerFlags(files: ControlPlaneFiles, controllers: readonly string[]): readonly string[] {
  return [
    `--kubeconfig=${files.kubeconfigFile}`,
    '--leader-elect=false',
    `--controllers=${controllers.join(',')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${files.controllerManagerPort}`,
  ]
}
