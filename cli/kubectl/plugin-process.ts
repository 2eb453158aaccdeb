/** The process of the kubectl plugin: arguments, streams, signals and the exit code. */
import { readFileSync } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { loadKubeConfig } from '../../operator/adapters/kubernetes/kube-config.ts'
import { createKubernetesApi } from '../../operator/adapters/kubernetes/kubernetes-api.ts'
import { escapeControls } from '../../program/log/escape-controls.ts'
import { ok, type Result } from '../../program/result.ts'
import { sleep } from '../../program/waiting.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Cluster, ConnectOptions, PluginWorld } from './cluster.ts'
import { runPlugin } from './run-plugin.ts'

/** Set by scripts/build/cli.ts in the bundle, which has no package.json beside it. */
declare const CARILLON_VERSION: string | undefined

/** A file with one channel is far shorter. */
const maxInputCharacters = 1_000_000

export async function runPluginProcess(): Promise<void> {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // A second Ctrl-C ends the process at once, for the case that the end hangs.
      if (interrupt.signal.aborted) process.exit(exitCodes.failed)
      interrupt.abort()
    })
  // The reader has left, as `head` does: nothing reads the output.
  process.stdout.on('error', () => interrupt.abort())
  process.exitCode = exitCodes[await runPlugin(process.argv.slice(2), createPluginWorld(interrupt.signal), readVersion())]
  // A read that waits for more input would keep the process alive.
  process.stdin.destroy()
}

function createPluginWorld(interrupted: AbortSignal): PluginWorld {
  return {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    // A server chose parts of the texts.
    err: (text) => void process.stderr.write(text.split('\n').map(escapeControls).join('\n')),
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

function readVersion(): string {
  if (typeof CARILLON_VERSION === 'string') return CARILLON_VERSION
  // A file of this repository.
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string }).version
}
