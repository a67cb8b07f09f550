package redis

import "container/heap"

// What is counted for a key and for an element of a list, hash or set besides its bytes: about what they cost here.
const (
	keyCost     = 160
	elementCost = 64
)

// database is one of the spaces of keys that SELECT chooses from.
type database struct {
	server  *server
	index   int
	keys    *dict[*entry]
	expires int                  // keys with a time to live
	watched map[string][]*client // by WATCH
	waiting map[string][]*client // by BLPOP and its like, in the order in which they came
}

func newDatabase(s *server, index int) *database {
	return &database{
		server: s, index: index, keys: newDict[*entry](), watched: map[string][]*client{}, waiting: map[string][]*client{},
	}
}

// entry is a key and its value.
type entry struct {
	db      *database
	key     string
	value   value  // nil for a string
	str     []byte // the string
	expires int64  // in ms since 1970; 0: never
	place   int    // in the server's expiry
	size    int    // as counted in the server's used
}

// value is a *list, *hash, *set or *sorted.
type value interface {
	kind() string
	len() int
}

func (e *entry) kind() string {
	if e.value == nil {
		return "string"
	}
	return e.value.kind()
}

// find returns the entry of a key, or nil.
func (d *database) find(key []byte) *entry {
	e, ok := d.keys.get(key)
	if !ok {
		return nil
	}
	if e.expires != 0 && e.expires <= d.server.time() {
		d.server.expired++
		d.remove(e)
		return nil
	}
	return e
}

// add makes an entry of a key that is not there.
func (d *database) add(key []byte, v value) *entry {
	e := &entry{db: d, key: string(key), value: v, place: -1}
	d.keys.set(e.key, e)
	e.grow(len(key) + keyCost)
	return e
}

// remove deletes an entry.
func (d *database) remove(e *entry) {
	e.persist()
	d.keys.delete([]byte(e.key))
	e.grow(-e.size)
	d.touch(e.key)
}

// clear deletes all keys.
func (d *database) clear() {
	for _, e := range d.keys.all() {
		e.persist()
		e.grow(-e.size)
		d.touch(e.key)
	}
	d.keys = newDict[*entry]()
}

// grow counts n bytes more.
func (e *entry) grow(n int) {
	e.size += n
	e.db.server.used += n
}

// set gives the entry a string.
func (e *entry) set(s []byte) {
	if cap(e.str) < len(s) || cap(e.str) > 2*len(s)+64 {
		e.str = make([]byte, 0, len(s))
	}
	e.grow(len(s) - len(e.str))
	e.str = append(e.str[:0], s...)
	if e.value != nil {
		e.value = nil
		e.grow(len(e.key) + keyCost + len(s) - e.size)
	}
	e.changed()
}

// changed says that the value is another one.
func (e *entry) changed() { e.db.touch(e.key) }

// done is called when elements were taken out of a value: it deletes a key that has no element left.
func (e *entry) done() {
	if e.value.len() == 0 {
		e.db.remove(e)
		return
	}
	e.changed()
}

// touch spoils the transactions of those who watch a key.
func (d *database) touch(key string) {
	if len(d.watched) == 0 {
		return
	}
	for _, c := range d.watched[key] {
		c.spoiled = true
	}
}

// expireAt sets the time when the key expires, in ms since 1970.
func (e *entry) expireAt(ms int64) {
	x := &e.db.server.expiry
	e.expires = ms
	if e.place < 0 {
		heap.Push(x, e)
		e.db.expires++
	} else {
		heap.Fix(x, e.place)
	}
}

// persist takes the time to live away, and returns false if there is none.
func (e *entry) persist() bool {
	if e.place < 0 {
		return false
	}
	heap.Remove(&e.db.server.expiry, e.place)
	e.expires = 0
	e.db.expires--
	return true
}

// expiry is a heap of the entries that expire.
type expiry []*entry

func (x expiry) Len() int           { return len(x) }
func (x expiry) Less(i, j int) bool { return x[i].expires < x[j].expires }
func (x expiry) Swap(i, j int) {
	x[i], x[j] = x[j], x[i]
	x[i].place, x[j].place = i, j
}

// Push implements [heap.Interface].
func (x *expiry) Push(e any) {
	e.(*entry).place = len(*x)
	*x = append(*x, e.(*entry))
}

// Pop implements [heap.Interface].
func (x *expiry) Pop() any {
	last := len(*x) - 1
	e := (*x)[last]
	(*x)[last] = nil
	*x = (*x)[:last]
	e.place = -1
	return e
}

// typed returns the entry of a key and its value, of type V; nil if there is no such key. It is not ok, and the client is
// told, if the value is something else.
func typed[V value](c *client, key []byte) (e *entry, v V, ok bool) {
	if e = c.db.find(key); e == nil {
		return nil, v, true
	}
	if v, ok = e.value.(V); !ok {
		c.fail(errWrongType)
	}
	return e, v, ok
}

// str is typed for strings.
func (c *client) str(key []byte) (e *entry, ok bool) {
	if e = c.db.find(key); e != nil && e.value != nil {
		c.fail(errWrongType)
		return nil, false
	}
	return e, true
}
