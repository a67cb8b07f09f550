package codecache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// Key names an entry: the hash of what was compiled.
type Key [sha256.Size]byte

func (k Key) file() string { return hex.EncodeToString(k[:]) + suffix }

// An entry is: content, name, length of the name in one byte, key, code, magic. The code authenticates all that is in front
// of it. The content comes first so that the file can be read as if it were nothing else.
const magic = "wasmnet code 3\n"

// newSeal returns what authenticates entries. It is AES-GCM of nothing but additional data, with a random nonce:
// several times as fast as an HMAC, which was a tenth of a program's start.
func newSeal(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// open checks an entry and takes it apart, in place.
func (c *Cache) open(k Key, b []byte) (name string, content []byte, ok bool) {
	body := len(b) - len(magic) - c.seal.Overhead()
	if body < 1+len(k) || string(b[len(b)-len(magic):]) != magic || Key(b[body-len(k):body]) != k {
		return "", nil, false
	}
	if _, err := c.seal.Open(nil, nil, b[body:len(b)-len(magic)], b[:body]); err != nil {
		return "", nil, false
	}
	b = b[:body-len(k)]
	end := len(b) - 1
	n := int(b[end])
	if end < n {
		return "", nil, false
	}
	return string(b[end-n : end]), b[:end-n], true
}

// Store writes an entry, whole or not at all. name is at most 255 bytes.
func (c *Cache) Store(k Key, name string, content []byte) error {
	if len(name) > 255 {
		return fmt.Errorf("compile cache: name of %d bytes", len(name))
	}
	body := slices.Concat(content, []byte(name), []byte{byte(len(name))}, k[:])
	entry := slices.Concat(body, c.seal.Seal(nil, nil, nil, body), []byte(magic))
	temporary := temporaryName()
	err := c.root.WriteFile(temporary, entry, 0o600)
	if err == nil {
		err = c.root.Rename(temporary, k.file())
	}
	if err != nil {
		c.root.Remove(temporary)
		return fmt.Errorf("compile cache: %w", err)
	}
	c.trim(MaxSize)
	return nil
}

// Load returns the name and the content stored under k. ok is false if there is none, or none that can be trusted;
// the error then says why.
func (c *Cache) Load(k Key) (name string, content []byte, ok bool, err error) {
	b, err := c.root.ReadFile(k.file())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, false, nil
	}
	if err != nil {
		return "", nil, false, fmt.Errorf("compile cache: %w", err)
	}
	if name, content, ok = c.open(k, b); !ok {
		return "", nil, false, c.damaged(k)
	}
	c.touch(k)
	return name, content, true, nil
}

// damaged removes an entry that is not what Store wrote.
func (c *Cache) damaged(k Key) error {
	c.root.Remove(k.file())
	return fmt.Errorf("compile cache: %s: %w", filepath.Join(c.dir, k.file()), ErrDamaged)
}

// touch notes that an entry is in use. A failure only makes it look older than it is.
func (c *Cache) touch(k Key) {
	now := time.Now()
	c.root.Chtimes(k.file(), now, now)
}
