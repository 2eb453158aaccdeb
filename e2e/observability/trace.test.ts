import { expect, it } from 'vitest'
import { type Exported, renderTrace, spansOf } from './trace.ts'

const caller = 'b7ad6b7169203331'

const exportedBy = (
  pod: string,
  ...spans: readonly (readonly [name: string, spanId: string, parentSpanId: string, startMs: number, endMs: number])[]
): Exported => ({
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: 'k8s.pod.name', value: { stringValue: pod } },
          { key: 'k8s.node.name', value: { stringValue: `node of ${pod}` } },
        ],
      },
      scopeSpans: [
        {
          spans: spans.map(([name, spanId, parentSpanId, startMs, endMs]) => ({
            name,
            traceId: 't',
            spanId,
            parentSpanId,
            startTimeUnixNano: `${startMs}000000`,
            endTimeUnixNano: `${endMs}500000`,
          })),
        },
      ],
    },
  ],
})

it('renderTrace shows each span below its parent, with its pod, in any order of arrival', () => {
  const requests = [
    exportedBy('b', ['deliver', '5', '4', 1012, 1012], ['consume', '4', '2', 1011, 1011]),
    exportedBy('a', ['consume', '3', '2', 1010, 1010], ['publish', '2', '1', 1001, 1009], ['emit', '1', caller, 1000, 1010]),
  ]
  expect(renderTrace(spansOf(requests), caller)).toBe(
    [
      'emit              0.0 ms    10.5 ms  a on node of a',
      '  publish         1.0 ms     8.5 ms  a on node of a',
      '    consume      10.0 ms     0.5 ms  a on node of a',
      '    consume      11.0 ms     0.5 ms  b on node of b',
      '      deliver    12.0 ms     0.5 ms  b on node of b',
    ].join('\n'),
  )
})
