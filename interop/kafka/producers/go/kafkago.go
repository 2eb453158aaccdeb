package main

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
)

// kafkaGo knows neither idempotence nor levels.
func kafkaGo(p *plan) {
	reportEach(p, func(c testCase) error {
		writer := &kafka.Writer{
			Addr:         kafka.TCP(p.Brokers),
			Topic:        p.Topic,
			Balancer:     kafka.BalancerFunc(func(kafka.Message, ...int) int { return int(c.Partition) }),
			BatchSize:    c.Count,
			BatchTimeout: 5 * time.Second,
			RequiredAcks: kafka.RequireAll,
			Compression:  map[string]compress.Compression{"gzip": compress.Gzip, "snappy": compress.Snappy, "lz4": compress.Lz4, "zstd": compress.Zstd}[c.Codec],
		}
		messages := make([]kafka.Message, c.Count)
		for n := range messages {
			messages[n] = kafka.Message{Value: c.value(p)}
			for _, h := range c.headers(n) {
				messages[n].Headers = append(messages[n].Headers, kafka.Header{Key: h.key, Value: h.value})
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := writer.WriteMessages(ctx, messages...); err != nil {
			return err
		}
		return writer.Close()
	})
}
