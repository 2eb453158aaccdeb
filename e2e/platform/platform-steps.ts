import { sleep } from '../../program/waiting.ts'
import { join } from 'node:path'
import type { AllowedSpec } from '../../api/v1alpha1/realtime-channel-class.ts'
import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { type CommandResult, must, type Run } from './command.ts'
import { conditionsOf, diagnose } from './diagnose.ts'
import { audience, issuer } from './identity.ts'
import { buildImage, type Image, loadImages, referenceOf } from './images.ts'
import { askIngress } from './ingress-request.ts'
import { ensureCluster, nodesOf } from './kind-cluster.ts'
import { applyFile, applyObjects, applyText, rollout, waitFor, waitForDefinitions } from './kubectl.ts'
import { kafkaObjects, keysConfigMap, keysName, type Manifest, restrictedNamespace, tlsSecret } from './manifests.ts'
import type { PlatformOptions } from './options.ts'
import type { OwnFiles } from './own-files.ts'
import { dnsNames, type Place } from './place.ts'
import type { Step } from './run-steps.ts'
import { StepFailure } from './step-failure.ts'

export const namespaces = { operator: 'carillon-system', kafka: 'kafka', traefik: 'traefik', sample: 'demo' } as const
export const sampleChannel = 'chrome-service'
const images = {
  traefik: 'traefik:v3.6.12',
  kafka: 'apache/kafka:4.1.1',
  metrics: 'registry.k8s.io/metrics-server/metrics-server:v0.9.0',
} as const

/** Inputs of all steps. */
export interface Platform {
  readonly run: Run
  readonly options: PlatformOptions
  readonly place: Place
  readonly own: OwnFiles
  /** Root of the repository. */
  readonly root: string
  /** Reads a file of e2e/. */
  readonly readText: (path: string) => Promise<string>
}

export function findTools({ run }: Pick<Platform, 'run'>): Step {
  const needed = {
    docker: ['version', '--format', '{{.Server.Version}}'],
    kind: ['version'],
    kubectl: ['version', '--client'],
    helm: ['version', '--short'],
  } as const
  const homes = {
    docker: 'https://docs.docker.com/engine/install/',
    kind: 'https://kind.sigs.k8s.io/',
    kubectl: 'https://kubernetes.io/docs/tasks/tools/',
    helm: 'https://helm.sh/docs/intro/install/',
  } as const
  return {
    title: 'docker, kind, kubectl and helm',
    run: async () => {
      const answers = await Promise.all(Object.entries(needed).map(async ([name, words]) => ({ name, answer: await run(name, words) })))
      const failing = answers.filter(({ answer }) => answer.code !== 0)
      if (failing.length === 0) return 'there'
      const why = failing.map(({ name, answer }) => (answer.code === 127 ? `${name}: no such command` : `${name}: ${answer.stderr.trim()}`))
      // The names are those of `needed`.
      throw new StepFailure('Something is missing on this machine.', {
        why,
        todo: `see ${failing.map(({ name }) => homes[name as keyof typeof homes]).join(', ')}`,
      })
    },
  }
}

export function makeImage(
  {
    run,
    root,
    place,
    options: { baseImages },
  }: Pick<Platform, 'run' | 'root'> & {
    readonly place: Pick<Place, 'folder'>
    readonly options: Pick<PlatformOptions, 'baseImages'>
  },
  built: (image: Image) => void,
): Step {
  return {
    title: 'image',
    run: async (progress) => {
      const image = await buildImage(run, { root, folder: place.folder, progress, baseImages })
      built(image)
      return referenceOf(image)
    },
  }
}

export function makeCluster({ run, place, readText }: Platform, config: (text: string) => string): Step {
  return {
    title: `cluster ${place.cluster}`,
    run: async (progress) => ensureCluster(run, place, { config: config(await readText('kind.yaml')), progress }),
  }
}

/** Traefik runs on the control plane's node, everything else on the workers. */
export function bringImages(platform: Platform, image: () => Image): readonly Step[] {
  const { run, place, options } = platform
  const more = options.metrics ? [images.metrics] : []
  return [
    {
      title: 'image of Traefik to its node',
      run: async () => loadImages(run, place, { images: [images.traefik], nodes: await nodesFor(platform, 'control-plane') }),
    },
    {
      title: 'images of Carillon and Kafka to the workers',
      run: async () =>
        loadImages(run, place, { images: [referenceOf(image()), images.kafka, ...more], nodes: await nodesFor(platform, 'worker') }),
    },
  ]
}

export function bringOwnImage(platform: Platform, image: () => Image): Step {
  const { run, place } = platform
  return {
    title: 'image to the workers',
    run: async () => loadImages(run, place, { images: [referenceOf(image())], nodes: await nodesFor(platform, 'worker') }),
  }
}

async function nodesFor({ run, place }: Platform, role: 'control-plane' | 'worker'): Promise<readonly string[]> {
  const nodes = await nodesOf(run, place.cluster)
  return nodes.filter((node) => node.endsWith('-control-plane') === (role === 'control-plane'))
}

export function defineGatewayApi({ run, options }: Platform): Step {
  return {
    title: 'Gateway API',
    run: async () => {
      await applyFile(run, options.gatewayApiCrds)
      await must(
        waitForDefinitions(run, ['httproutes.gateway.networking.k8s.io', 'gateways.gateway.networking.k8s.io'], { seconds: 150 }),
        'The definitions could not be applied',
      )
      return ''
    },
    todo: 'with --gateway-api-crds or GATEWAY_API_CRDS, give another source: a URL or a file',
  }
}

/** Returns the number of objects. @throws StepFailure when the wait did not succeed */
async function expectReady(result: Promise<CommandResult>, what: string): Promise<void> {
  await must(result, `${what} did not become ready in time`)
}

export function installTraefik({ run, own, root }: Platform): Step {
  return {
    title: 'Traefik',
    run: async (progress) => {
      await applyObjects(run, [restrictedNamespace(namespaces.traefik), tlsSecret(namespaces.traefik, 'traefik-tls', own.tls)])
      await applyFile(run, join(root, 'e2e/manifests/traefik.yaml'))
      progress('waiting for its pod')
      await expectReady(rollout(run, 'deployment/traefik', { namespace: namespaces.traefik, seconds: 150 }), 'Traefik')
      await applyFile(run, join(root, 'e2e/manifests/gateway.yaml'))
      await must(
        waitFor(run, 'condition=Programmed', 'gateway/public', { namespace: namespaces.traefik, seconds: 150 }),
        'Traefik did not take the Gateway',
      )
      return ''
    },
    diagnose: () => diagnose(run, [namespaces.traefik]),
  }
}

export function installKafka({ run, options }: Platform): Step {
  return {
    title: options.brokers === 1 ? 'Kafka' : `Kafka, ${options.brokers} nodes`,
    run: async (progress) => {
      await applyObjects(run, kafkaObjects(namespaces.kafka, options).objects)
      progress('waiting for its pods')
      await expectReady(rollout(run, 'statefulset/kafka', { namespace: namespaces.kafka, seconds: 150 }), 'Kafka')
      return ''
    },
    diagnose: () => diagnose(run, [namespaces.kafka]),
  }
}

/**
 * Class of the channels of this cluster. It allows more than a production would, because all namespaces have one owner. As everywhere, each
 * namespace has its own topics.
 */
const classOf = (
  image: Image,
  { origin }: Pick<Place, 'origin'>,
): { readonly defaults: RealtimeChannelSpec; readonly allowed: AllowedSpec } => ({
  defaults: { auth: { jwks: { configMapRef: { name: keysName } }, issuer, audience: [audience], allowedOrigins: [origin] } },
  allowed: {
    topics: ['NAMESPACE.*'],
    hosts: [...dnsNames],
    pathPrefixes: ['/*'],
    bootstrapServers: ['kafka.NAMESPACE.svc:9092'],
    images: [`${image.repository}:*`],
    env: ['*'],
    routeLabels: ['*'],
    adopt: true,
    networkPeers: true,
    upstream: true,
  },
})

/** Values of the chart, as on any cluster; only the image's tag is of this machine. */
export const chartValues = (image: Image, bootstrapServers: readonly string[], place: Pick<Place, 'origin'>): object => ({
  image: { repository: image.repository, tag: image.tag },
  kafka: { brokers: bootstrapServers },
  gateway: { ingressNamespaces: [namespaces.traefik] },
  class: classOf(image, place),
})

export function installOperator({ run, options, root, place }: Platform, image: () => Image): Step {
  return {
    title: 'operator, by its chart',
    run: async (progress) => {
      await applyObjects(run, [restrictedNamespace(namespaces.operator)])
      const values = chartValues(image(), kafkaObjects(namespaces.kafka, options).bootstrapServers, place)
      progress('helm waits for its pods')
      const words = [
        'upgrade',
        '--install',
        'carillon',
        join(root, 'charts/carillon'),
        '--namespace',
        namespaces.operator,
        '--wait',
        '--timeout',
        '240s',
        '--values',
        '-',
      ]
      await must(run('helm', words, { input: JSON.stringify(values) }), 'helm could not install the chart')
      return `image ${image().tag}`
    },
    diagnose: () => diagnose(run, [namespaces.operator]),
  }
}

export function installMetrics({ run, root }: Platform): Step {
  return {
    title: 'metrics API',
    run: async () => {
      await applyFile(run, join(root, 'e2e/manifests/metrics-server.yaml'))
      await expectReady(rollout(run, 'deployment/metrics-server', { namespace: 'kube-system', seconds: 150 }), 'metrics-server')
      await must(
        waitFor(run, 'condition=Available', 'apiservice/v1beta1.metrics.k8s.io', { namespace: 'kube-system', seconds: 150 }),
        'The API server did not find metrics-server',
      )
      return ''
    },
    diagnose: async () => [...(await diagnose(run, ['kube-system'])), ...(await conditionsOf(run, 'apiservice/v1beta1.metrics.k8s.io'))],
  }
}

export function makeSample({ run, own, readText }: Platform): Step {
  const namespace = namespaces.sample
  return {
    title: 'sample channel',
    run: async (progress) => {
      const before: readonly Manifest[] = [restrictedNamespace(namespace), keysConfigMap(namespace, own.identity.jwks)]
      await applyObjects(run, before)
      const texts = await Promise.all(['sample/channel.yaml', 'sample/console.yaml'].map(readText))
      await applyText(run, texts.join('\n---\n'), 'the sample channel')
      progress('waiting until it is ready')
      await expectReady(waitFor(run, 'condition=Ready', `rtc/${sampleChannel}`, { namespace, seconds: 150 }), 'The channel')
      return ''
    },
    diagnose: () => diagnose(run, [namespace, namespaces.operator]),
  }
}

/** Last step: sends the first request of a browser. */
export function askThroughIngress({ own, place, run }: Platform): Step {
  return {
    title: 'an answer through the ingress',
    run: async () => {
      const path = `/api/${sampleChannel}/v1/openapi.json`
      const deadlineMs = Date.now() + 60_000
      for (;;) {
        // Nothing listens yet, or the certificate is wrong: both errors have a message.
        const answer = await askIngress(place, own.ca.certificate, { path }).catch((error: unknown) => String(error))
        if (typeof answer !== 'string' && answer.status === 200) return `200 from ${place.origin}${path}`
        if (Date.now() > deadlineMs)
          throw new StepFailure(`${place.origin}${path} did not answer 200.`, {
            why: [typeof answer === 'string' ? answer : `${answer.status} ${answer.body.slice(0, 200)}`],
          })
        await sleep(250)
      }
    },
    diagnose: () => diagnose(run, [namespaces.traefik, namespaces.sample]),
  }
}

/** Waits until the gateways of all channels run the new image, unless their channels name another. */
export function rollGateways({ run }: Platform, image: () => Image): Step {
  return {
    title: 'gateways',
    run: async (progress) => {
      const columns = 'jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\\n"}{end}'
      const found = await must(
        run('kubectl', [
          'get',
          'deployments',
          '--all-namespaces',
          '--selector',
          'app.kubernetes.io/name=carillon-gateway',
          '--output',
          columns,
        ]),
        'kubectl could not list the gateways',
      )
      const gateways = found.split('\n').flatMap((line) => {
        const [namespace, name] = line.trim().split(' ')
        return namespace === undefined || name === undefined ? [] : [{ namespace, name }]
      })
      for (const { namespace, name } of gateways) {
        progress(`${namespace}/${name}`)
        const isNew = waitFor(run, `jsonpath={.spec.template.spec.containers[0].image}=${referenceOf(image())}`, `deployment/${name}`, {
          namespace,
          seconds: 150,
        })
        await must(isNew, `The operator did not give ${namespace}/${name} the new image (does its channel name another?)`)
        await expectReady(rollout(run, `deployment/${name}`, { namespace, seconds: 150 }), `${namespace}/${name}`)
      }
      return `${gateways.length} deployments`
    },
    diagnose: () => diagnose(run, [namespaces.operator, namespaces.sample]),
  }
}
