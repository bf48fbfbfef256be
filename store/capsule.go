package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"gorm.io/gorm"

	"github.com/outpace/outpace/results"
)

// maxVersions bounds the cache of what is known to be stored.
const maxVersions = 10_000

// versionCache remembers the hashes of versions that surely are committed.
type versionCache struct {
	mu    sync.Mutex
	known map[string]bool
}

func (c *versionCache) has(hash string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.known[hash]
}

func (c *versionCache) add(hashes map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known)+len(hashes) > maxVersions {
		c.known = make(map[string]bool)
	}
	for hash := range hashes {
		c.known[hash] = true
	}
}

// pack puts the objects of a call into its row: those that calls share by
// hash, with their bodies in bodies, and the entry as it is.
func pack(row *dialingRow, info results.Info, bodies map[string]string) {
	version := func(body json.RawMessage) *string {
		if len(body) == 0 {
			return nil
		}
		text := clean(string(body))
		sum := sha256.Sum256([]byte(text))
		hash := hex.EncodeToString(sum[:16])
		bodies[hash] = text

		return &hash
	}
	row.InfoCampaign = version(info.Campaign)
	row.InfoPlan = version(info.Plan)
	row.InfoDest = version(info.Destination)
	row.InfoDlma = version(info.List)
	if len(info.Entry) > 0 {
		entry := clean(string(info.Entry))
		row.InfoDl = &entry
	}
}

// keepVersions stores the bodies that are not known to be stored. They are
// known only once the transaction is committed: see versionCache.add.
func (s *Store) keepVersions(tx *gorm.DB, bodies map[string]string) error {
	for _, hash := range slices.Sorted(maps.Keys(bodies)) { // in order, so that two engines don't lock each other
		if s.versions.has(hash) {
			continue
		}
		err := tx.Exec("INSERT INTO versions (hash, body) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING", hash, bodies[hash]).Error
		if err != nil {
			return fmt.Errorf("store version: %w", err)
		}
	}

	return nil
}

// unpack makes the calls of rows, with their objects.
func unpack(db *gorm.DB, rows []dialingRow) ([]results.Dialing, error) {
	wanted := map[string]bool{}
	for i := range rows {
		for _, hash := range []*string{rows[i].InfoCampaign, rows[i].InfoPlan, rows[i].InfoDest, rows[i].InfoDlma} {
			if hash != nil {
				wanted[*hash] = true
			}
		}
	}
	bodies := make(map[string]string, len(wanted))
	for hashes := range slices.Chunk(slices.Collect(maps.Keys(wanted)), 1000) {
		var found []struct{ Hash, Body string }
		if err := db.Raw("SELECT hash, body FROM versions WHERE hash IN ?", hashes).Scan(&found).Error; err != nil {
			return nil, fmt.Errorf("read versions: %w", err)
		}
		for _, v := range found {
			bodies[v.Hash] = v.Body
		}
	}
	list := make([]results.Dialing, len(rows))
	for i := range rows {
		list[i] = rows[i].dialing(bodies)
	}

	return list, nil
}
