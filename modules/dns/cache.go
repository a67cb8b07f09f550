package dns

import (
	"container/list"
	"time"
)

// cache keeps answers until they expire, and the ones used last when there are too many. Keys are those of [appendKey].
type cache struct {
	size, most int // bytes
	entries    map[string]*list.Element
	order      list.List // of *cached, the one used last in front
}

type cached struct {
	key string
	*kept
}

// overhead is about what an entry takes besides its key and its message, in bytes.
const overhead = 300

func (c *cached) size() int { return overhead + len(c.key) + len(c.msg) + 2*len(c.ttls) }

func newCache(most int) *cache { return &cache{most: most, entries: map[string]*list.Element{}} }

// get returns the answer kept under key; nil if there is none that is fresh.
func (c *cache) get(key []byte, now time.Time) *kept {
	e := c.entries[string(key)]
	if e == nil {
		return nil
	}
	found := e.Value.(*cached)
	if !now.Before(found.expires) {
		c.remove(e)
		return nil
	}
	c.order.MoveToFront(e)
	return found.kept
}

// put keeps an answer, unless it is expired as it comes or larger than the whole cache.
func (c *cache) put(key string, k *kept) {
	if e := c.entries[key]; e != nil {
		c.remove(e)
	}
	entry := &cached{key, k}
	if !k.at.Before(k.expires) || entry.size() > c.most {
		return
	}
	for c.size+entry.size() > c.most {
		c.remove(c.order.Back())
	}
	c.entries[key] = c.order.PushFront(entry)
	c.size += entry.size()
}

func (c *cache) remove(e *list.Element) {
	entry := c.order.Remove(e).(*cached)
	delete(c.entries, entry.key)
	c.size -= entry.size()
}
