/** The process of the kubectl plugin. */
import { readFileSync } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { loadKubeConfig } from '../../operator/adapters/kubernetes/kube-config.ts'
import { createKubernetesApi } from '../../operator/adapters/kubernetes/kubernetes-api.ts'
import { ok, type Result } from '../../program/result.ts'
import { sleep } from '../../program/waiting.ts'
import { readVersion, runProcess, writeError, writeOut } from '../process.ts'
import type { Cluster, ConnectOptions, PluginWorld } from './cluster.ts'
import { runPlugin } from './run-plugin.ts'

/** A file with one channel is far shorter. */
const maxInputCharacters = 1_000_000

export const runPluginProcess = (): Promise<void> =>
  runProcess((argv, interrupted) => runPlugin(argv, createPluginWorld(interrupted), readVersion()))

function createPluginWorld(interrupted: AbortSignal): PluginWorld {
  return {
    env: process.env,
    out: writeOut,
    err: writeError,
    readFile: (path) => readFileSync(path, 'utf8'),
    readInput: async () => {
      let text = ''
      for await (const chunk of addAbortSignal(interrupted, process.stdin).setEncoding('utf8')) {
        text += String(chunk)
        if (text.length > maxInputCharacters) throw new Error('standard input has more than one million characters')
      }
      return text
    },
    connect,
    now: Date.now,
    sleep: (ms) => sleep(ms, [interrupted]),
    interrupted,
  }
}

function connect({ kubeconfigFile, context, namespace }: ConnectOptions): Result<Cluster, string> {
  const kubeConfigOptions = { kubeconfigFile, context }
  const loaded = loadKubeConfig(kubeConfigOptions)
  if (!loaded.ok) return loaded
  const api = createKubernetesApi({ loaded: loaded.value, kubeConfigOptions, version: readVersion() })
  return ok({ api, namespace: namespace ?? loaded.value.namespace ?? 'default', server: loaded.value.server, close: () => api.close() })
}
