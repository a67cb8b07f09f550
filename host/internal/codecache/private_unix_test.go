//go:build unix

package codecache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenRefusesDirectoriesOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(dir string) error
		want    string
	}{
		"open to the group":   {func(dir string) error { return os.Chmod(dir, 0o750) }, "chmod 700"},
		"writable by all":     {func(dir string) error { return os.Chmod(dir, 0o777) }, "chmod 700"},
		"parent writable":     {func(dir string) error { return os.Chmod(filepath.Dir(dir), 0o777) }, "swap what lies in it"},
		"a file in its place": {func(dir string) error { os.Remove(dir); return os.WriteFile(dir, nil, 0o600) }, "compile cache"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := c.prepare(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open: %v, want %q", err, c.want)
			}
		})
	}
}

func TestOpenMakesAPrivateDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	open(t, dir)
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	info, err = os.Stat(filepath.Join(dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: mode %v, %v", info.Mode(), err)
	}
}
