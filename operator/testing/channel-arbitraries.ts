import fc from 'fast-check'
import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { smallestSpec } from './channel-builders.ts'

/** Specs that the API server accepts, with few values per field, so that edits often return to an earlier state. */
export const anySpec: fc.Arbitrary<RealtimeChannelSpec> = fc
  .record({
    topic: fc.record(
      {
        partitions: fc.integer({ min: 1, max: 4 }),
        retention: fc.constantFrom('1h', '2h'),
        config: fc.dictionary(fc.constantFrom('cleanup.policy', 'min.insync.replicas', 'max.message.bytes'), fc.constantFrom('a', 'b'), {
          maxKeys: 3,
        }),
        deadLetters: fc.record(
          { enabled: fc.boolean(), name: fc.constantFrom('shop.lost', 'shop.chat.dlq'), retention: fc.constantFrom('24h', '48h') },
          { requiredKeys: [] },
        ),
        control: fc.record({ enabled: fc.boolean(), name: fc.constantFrom('shop.orders', 'shop.chat.control') }, { requiredKeys: [] }),
        deletionPolicy: fc.constantFrom('Retain' as const, 'Delete' as const),
      },
      { requiredKeys: ['partitions'] },
    ),
    upstream: fc.option(
      fc.record({
        topic: fc.record(
          {
            name: fc.constantFrom('shop.sent', 'shop.chat.upstream'),
            partitions: fc.integer({ min: 1, max: 3 }),
            retention: fc.constantFrom('24h', '48h'),
          },
          { requiredKeys: [] },
        ),
        accept: fc.constantFrom([{ type: 'chat.message' }], [{ typePrefix: 'chat.', ratePerUser: 2 }]),
      }),
      { nil: undefined },
    ),
    gateway: fc.oneof(
      fc.record({ replicas: fc.integer({ min: 0, max: 4 }), drainSeconds: fc.constantFrom(0, 15) }),
      fc.record({ autoscaling: fc.record({ minReplicas: fc.integer({ min: 2, max: 3 }), maxReplicas: fc.constant(9) }) }),
    ),
    route: fc.constantFrom<NonNullable<RealtimeChannelSpec['route']>>(
      { type: 'None' },
      { type: 'Ingress', host: 'app.example.com', tls: {} },
      { type: 'HTTPRoute', host: 'app.example.com', parentRefs: [{ name: 'edge', namespace: 'infra' }] },
    ),
    limits: fc.record({ connectionsPerPod: fc.constantFrom(100, 200) }),
  })
  .map(({ upstream, ...sections }) => ({ ...smallestSpec, ...sections, ...(upstream === undefined ? {} : { upstream }) }))
