package main

import (
	"errors"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

func saramaCases(p *plan) {
	reportEach(p, func(c testCase) error {
		config := sarama.NewConfig()
		config.Version = sarama.V4_0_0_0
		config.Producer.RequiredAcks = sarama.WaitForAll
		config.Producer.Partitioner = sarama.NewManualPartitioner
		config.Producer.Compression = map[string]sarama.CompressionCodec{"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy, "lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD}[c.Codec]
		if c.Level != nil {
			config.Producer.CompressionLevel = *c.Level
		}
		config.Producer.Return.Successes = true
		// All records of a case make one batch: it leaves when it has them all.
		config.Producer.Flush.Messages = c.Count
		config.Producer.Flush.Frequency = 5 * time.Second
		config.Producer.Idempotent = c.Idempotent
		if c.Idempotent {
			config.Net.MaxOpenRequests = 1
		}
		return saramaSend(config, p, c)
	})
}

func saramaSend(config *sarama.Config, p *plan, c testCase) error {
	producer, err := sarama.NewSyncProducer(strings.Split(p.Brokers, ","), config)
	if err != nil {
		return err
	}
	messages := make([]*sarama.ProducerMessage, c.Count)
	for n := range messages {
		messages[n] = &sarama.ProducerMessage{Topic: p.Topic, Partition: c.Partition}
		if value := c.value(p); value != nil {
			messages[n].Value = sarama.ByteEncoder(value)
		}
		for _, h := range c.headers(n) {
			messages[n].Headers = append(messages[n].Headers, sarama.RecordHeader{Key: []byte(h.key), Value: h.value})
		}
	}
	return errors.Join(producer.SendMessages(messages), producer.Close())
}
