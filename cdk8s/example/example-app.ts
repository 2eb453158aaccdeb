import { App, Chart, YamlOutputType } from 'cdk8s'
import { k8s } from 'cdk8s-plus-27'
import { RealtimeChannel, RealtimeChannelClass } from '../index.ts'
import { DevelopmentKafka } from './development-kafka.ts'
import type { ExampleOptions } from './options.ts'

/**
 * Returns a namespace, Kafka for development, a class that lets the channels of this namespace use that Kafka and the host, and a channel.
 * @param jwks the JSON Web Key Set that verifies tokens; null: the user creates the ConfigMap
 * @throws Error for an object that cannot be rendered
 */
export function createExampleApp(options: ExampleOptions, jwks: string | null): App {
  const { namespace, name, host, storage, tickets, out } = options
  const app = new App({ yamlOutputType: YamlOutputType.FILE_PER_RESOURCE, ...(out === undefined ? {} : { outdir: out }) })
  // The chart has no namespace: cdk8s would give it to the Namespace, too.
  const chart = new Chart(app, 'example', { disableResourceNameHashes: true })
  // Everything here fits the Pod Security Standard "restricted", so the namespace enforces it.
  new k8s.KubeNamespace(chart, 'namespace', {
    metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  })
  const kafka = new DevelopmentKafka(chart, 'kafka', { namespace, brokers: options.brokers, ...(storage === undefined ? {} : { storage }) })
  const keys = `${name}-jwks`
  if (jwks !== null) new k8s.KubeConfigMap(chart, 'jwks', { metadata: { name: keys, namespace }, data: { 'jwks.json': jwks } })
  // The channel comes before its class: both refuse a wrong host, and the channel's error names the field that users know.
  const channel = new RealtimeChannel(chart, 'channel', {
    metadata: { name, namespace },
    className: namespace,
    kafka: { bootstrapServers: kafka.bootstrapServers },
    topic: { partitions: 3, replicas: kafka.brokers },
    auth: {
      jwks: { configMapRef: { name: keys } },
      ...(tickets === undefined ? {} : { resumeTickets: { secretRef: { name: tickets } } }),
      issuer: options.issuer,
      audience: [options.audience],
      allowedOrigins: [options.origin],
    },
    ...(host === undefined ? {} : { route: { type: 'Ingress', host, tls: {} } }),
  })
  const own = new RealtimeChannelClass(chart, 'class', {
    metadata: { name: namespace },
    allowed: {
      bootstrapServers: kafka.bootstrapServers,
      ...(host === undefined ? {} : { hosts: [host] }),
      namespaces: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    },
  })
  channel.addDependency(own)
  return app
}
