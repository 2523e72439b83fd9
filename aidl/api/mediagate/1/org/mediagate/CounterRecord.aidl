// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable CounterRecord {
    @utf8InCpp String name;
    long value;
}
