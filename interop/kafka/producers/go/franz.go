package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func franz(p *plan) {
	reportEach(p, func(c testCase) error {
		options := []kgo.Opt{
			kgo.SeedBrokers(p.Brokers),
			kgo.DefaultProduceTopic(p.Topic),
			kgo.RecordPartitioner(kgo.ManualPartitioner()),
			kgo.ProducerBatchCompression(franzCodec(c)),
			// Nothing leaves before the flush below: records gather in one batch.
			kgo.ManualFlushing(),
		}
		if !c.Idempotent {
			options = append(options, kgo.DisableIdempotentWrite())
		}
		client, err := kgo.NewClient(options...)
		if err != nil {
			return err
		}
		defer client.Close()
		return franzSend(client, p, c)
	})
}

func franzSend(client *kgo.Client, p *plan, c testCase) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var failed error
	for n := range c.Count {
		client.Produce(ctx, &kgo.Record{Partition: c.Partition, Value: c.value(p), Headers: franzHeaders(c.headers(n))}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed = err
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	return failed
}

func franzHeaders(headers []header) []kgo.RecordHeader {
	made := make([]kgo.RecordHeader, len(headers))
	for i, h := range headers {
		made[i] = kgo.RecordHeader{Key: h.key, Value: h.value}
	}
	return made
}

func franzCodec(c testCase) kgo.CompressionCodec {
	codec := map[string]kgo.CompressionCodec{
		"none":   kgo.NoCompression(),
		"gzip":   kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(),
		"lz4":    kgo.Lz4Compression(),
		"zstd":   kgo.ZstdCompression(),
	}[c.Codec]
	if c.Level != nil {
		return codec.WithLevel(*c.Level)
	}
	return codec
}
