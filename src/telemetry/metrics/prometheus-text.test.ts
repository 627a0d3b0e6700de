import { expect, test } from 'vitest'
import type { Metric } from './metric.ts'
import { prometheusText } from './prometheus-text.ts'

const metrics: readonly Metric[] = [
  {
    name: 'aether.commands',
    kind: 'counter',
    unit: '{command}',
    description: 'Commands, "all" of them\nwith a \\ in it.',
    points: [
      { labels: { 'aether.actor.type': 'a', 'error.type': 'say "hi"\n\\' }, value: 3 },
      { labels: { 'aether.actor.type': 'b', 'error.type': '' }, value: 1e21 },
    ],
  },
  {
    name: 'aether.append.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Writes.',
    points: [
      {
        labels: {},
        value: 1.5,
        buckets: [
          { upTo: 0.5, count: 1 },
          { upTo: 1, count: 1 },
          { upTo: Infinity, count: 3 },
        ],
      },
    ],
  },
  { name: 'aether.gone', kind: 'gauge', unit: '{x}', description: 'Not told.', points: [] },
  {
    name: 'aether.lag',
    kind: 'gauge',
    unit: 's',
    description: 'Lag.',
    points: [{ labels: {}, value: -Infinity }],
  },
]

test('is text as Prometheus reads it', () => {
  expect(prometheusText(metrics)).toBe(
    String.raw`# HELP aether_commands_total Commands, "all" of them\nwith a \\ in it.
# TYPE aether_commands_total counter
aether_commands_total{actor_type="a",error_type="say \"hi\"\n\\"} 3
aether_commands_total{actor_type="b",error_type=""} 1e+21
# HELP aether_append_duration_seconds Writes.
# TYPE aether_append_duration_seconds histogram
aether_append_duration_seconds_bucket{le="0.5"} 1
aether_append_duration_seconds_bucket{le="1"} 1
aether_append_duration_seconds_bucket{le="+Inf"} 3
aether_append_duration_seconds_sum 1.5
aether_append_duration_seconds_count 3
# HELP aether_lag_seconds Lag.
# TYPE aether_lag_seconds gauge
aether_lag_seconds -Inf
`,
  )
})

test('is text as OpenMetrics wants it', () => {
  expect(prometheusText(metrics, 'openmetrics')).toBe(
    String.raw`# HELP aether_commands Commands, \"all\" of them\nwith a \\ in it.
# TYPE aether_commands counter
aether_commands_total{actor_type="a",error_type="say \"hi\"\n\\"} 3
aether_commands_total{actor_type="b",error_type=""} 1e+21
# HELP aether_append_duration_seconds Writes.
# TYPE aether_append_duration_seconds histogram
# UNIT aether_append_duration_seconds seconds
aether_append_duration_seconds_bucket{le="0.5"} 1
aether_append_duration_seconds_bucket{le="1.0"} 1
aether_append_duration_seconds_bucket{le="+Inf"} 3
aether_append_duration_seconds_sum 1.5
aether_append_duration_seconds_count 3
# HELP aether_lag_seconds Lag.
# TYPE aether_lag_seconds gauge
# UNIT aether_lag_seconds seconds
aether_lag_seconds -Inf
# EOF
`,
  )
})
