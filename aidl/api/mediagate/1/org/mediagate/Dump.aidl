// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.Application;
import org.mediagate.BackingRecord;
import org.mediagate.CounterRecord;
import org.mediagate.Grant;
import org.mediagate.HandleRecord;
import org.mediagate.NodeRecord;
parcelable Dump {
    @nullable NodeRecord[] nodes;
    @nullable HandleRecord[] handles;
    @nullable BackingRecord[] backings;
    @nullable Application[] applications;
    @nullable Grant[] grants;
    @nullable CounterRecord[] counters;
}
