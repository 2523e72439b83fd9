//! The arguments of calls, to and from the parcelables of `aidl/`.

#![forbid(unsafe_code)]

use crate::admin::{AccessRequest, AppRequest, AuditQuery, GrantRequest};
use crate::id::Uid;

use super::convert::Carried;
use super::wire::org::mediagate as aidl;

/// No restriction of an audit query to a uid.
const ANY_UID: i64 = -1;

impl Carried<aidl::Application::Application> for AppRequest {
    fn pack(self) -> aidl::Application::Application {
        aidl::Application::Application {
            name: self.name,
            uid: self.uid.pack(),
            targetSdk: self.target_sdk.unwrap_or(0).pack(),
            permissions: self.permissions.map(|names| names.into_iter().map(Some).collect()),
            appOps: self.app_ops.pack(),
        }
    }

    fn unpack(wire: aidl::Application::Application) -> AppRequest {
        AppRequest {
            name: wire.name,
            uid: Uid::unpack(wire.uid),
            target_sdk: (wire.targetSdk != 0).then(|| u32::unpack(wire.targetSdk)),
            permissions: wire.permissions.map(|names| names.into_iter().flatten().collect()),
            app_ops: Carried::unpack(wire.appOps),
        }
    }
}

impl Carried<aidl::AccessRequest::AccessRequest> for AccessRequest {
    fn pack(self) -> aidl::AccessRequest::AccessRequest {
        let AccessRequest { id, uid, application, access, paths, asked } = self;
        let (id, uid, asked) = (id.pack(), uid.pack(), asked.pack());
        aidl::AccessRequest::AccessRequest { id, uid, application, access, paths, asked }
    }

    fn unpack(wire: aidl::AccessRequest::AccessRequest) -> AccessRequest {
        let aidl::AccessRequest::AccessRequest { id, uid, application, access, paths, asked } = wire;
        let (id, uid, asked) = (Carried::unpack(id), Carried::unpack(uid), Carried::unpack(asked));
        AccessRequest { id, uid, application, access, paths, asked }
    }
}

impl Carried<aidl::NewGrant::NewGrant> for GrantRequest {
    fn pack(self) -> aidl::NewGrant::NewGrant {
        aidl::NewGrant::NewGrant {
            application: self.application,
            path: self.path,
            access: self.access,
            seconds: self.seconds.pack(),
        }
    }

    fn unpack(wire: aidl::NewGrant::NewGrant) -> GrantRequest {
        GrantRequest {
            application: wire.application,
            path: wire.path,
            access: wire.access,
            seconds: Carried::unpack(wire.seconds),
        }
    }
}

impl Carried<aidl::AuditQuery::AuditQuery> for AuditQuery {
    fn pack(self) -> aidl::AuditQuery::AuditQuery {
        aidl::AuditQuery::AuditQuery {
            uid: self.uid.map_or(ANY_UID, |uid| i64::from(uid.raw())),
            path: self.path,
            denied: self.denied,
            after: self.after.pack(),
            limit: self.limit.pack(),
        }
    }

    fn unpack(wire: aidl::AuditQuery::AuditQuery) -> AuditQuery {
        AuditQuery {
            uid: u32::try_from(wire.uid).ok().map(Uid::new),
            path: wire.path,
            denied: wire.denied,
            after: Carried::unpack(wire.after),
            limit: Carried::unpack(wire.limit),
        }
    }
}
