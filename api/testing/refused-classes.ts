import type { RealtimeChannelClassSpec } from '../v1alpha1/realtime-channel-class.ts'

export interface RefusedClass {
  readonly path: string
  /** Beginning of the message. */
  readonly message: string
  readonly spec: RealtimeChannelClassSpec
}

const ambiguous = 'this pattern may give one thing to two namespaces'

/** Classes, each of which breaks one rule in CEL. */
export const refusedClasses: readonly RefusedClass[] = [
  { path: 'spec.allowed.topics[1]', message: ambiguous, spec: { allowed: { topics: ['NAMESPACE.*', 'NAMESPACE-*'] } } },
  { path: 'spec.allowed.topics[0]', message: ambiguous, spec: { allowed: { topics: ['*.NAMESPACE.*'] } } },
  {
    path: 'spec.allowed.bootstrapServers[0]',
    message: ambiguous,
    spec: { allowed: { bootstrapServers: ['NAME-NAMESPACE.kafka.svc:9092'] } },
  },
  { path: 'spec.allowed.hosts[0]', message: ambiguous, spec: { allowed: { hosts: ['NAMESPACE-NAME.apps.example.com'] } } },
  { path: 'spec.allowed.pathPrefixes[0]', message: ambiguous, spec: { allowed: { pathPrefixes: ['/NAMESPACE-*'] } } },
  { path: 'spec.allowed.images[0]', message: ambiguous, spec: { allowed: { images: ['registry.example.com/*-NAMESPACE:1'] } } },
  { path: 'spec.defaults.route.host', message: ambiguous, spec: { defaults: { route: { host: 'NAME-NAMESPACE.apps.example.com' } } } },
  {
    path: 'spec.defaults.route.paths.socket',
    message: ambiguous,
    spec: { defaults: { route: { paths: { socket: '/wss/NAMESPACE-NAME', api: '/api/NAMESPACE/NAME' } } } },
  },
  {
    path: 'spec.defaults.route.paths.api',
    message: ambiguous,
    spec: { defaults: { route: { paths: { socket: '/wss/NAMESPACE/NAME', api: '/api/NAMENAMESPACE' } } } },
  },
  {
    path: 'spec.allowed.namespaces.matchLabels',
    message: 'a key here is NAME or PREFIX/NAME',
    spec: { allowed: { namespaces: { matchLabels: { 'bad key!': '' } } } },
  },
  {
    path: 'spec.defaults.gateway.podLabels',
    message: 'a key here is NAME or PREFIX/NAME',
    spec: { defaults: { gateway: { podLabels: { 'a/b/c': '' } } } },
  },
  {
    path: 'spec.defaults',
    message: 'topic.retention must be at least replay.window',
    spec: { defaults: { topic: { retention: '1m' }, replay: { window: '5m' } } },
  },
  {
    path: 'spec.defaults.auth',
    message: 'auth takes allowedOrigins',
    spec: { defaults: { auth: { allowedOrigins: ['https://a.example'], dangerouslyAllowAnyOrigin: true } } },
  },
  {
    path: 'spec.defaults.route.className',
    message: 'className belongs to an Ingress',
    spec: { defaults: { route: { type: 'HTTPRoute', className: 'traefik' } } },
  },
]
