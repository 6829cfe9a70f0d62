/**
 * ONNX files as protobuf messages: the part of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that the commands read or write, with its field numbers. Code
 * that needs more of ONNX adds the missing field here. A process that serves never loads it.
 */
import protobuf from 'protobufjs';

const SUBSET = `
  syntax = "proto2";
  message ModelProto {
    optional int64 ir_version = 1;
    optional string producer_name = 2;
    optional string producer_version = 3;
    optional string doc_string = 6;
    optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8;
    repeated FunctionProto functions = 25;
  }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message FunctionProto { optional string name = 1; repeated NodeProto node = 7; optional string domain = 10; }
  message GraphProto {
    repeated NodeProto node = 1;
    optional string name = 2;
    repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11;
    repeated ValueInfoProto output = 12;
    repeated ValueInfoProto value_info = 13;
    repeated SparseTensorProto sparse_initializer = 15;
  }
  message NodeProto {
    repeated string input = 1;
    repeated string output = 2;
    optional string name = 3;
    optional string op_type = 4;
    repeated AttributeProto attribute = 5;
    optional string domain = 7;
  }
  message AttributeProto {
    optional string name = 1;
    optional int64 i = 3;
    optional bytes s = 4;
    optional TensorProto t = 5;
    optional GraphProto g = 6;
    repeated float floats = 7;
    repeated int64 ints = 8;
    repeated bytes strings = 9;
    repeated TensorProto tensors = 10;
    repeated GraphProto graphs = 11;
    optional int32 type = 20;
    optional SparseTensorProto sparse_tensor = 22;
    repeated SparseTensorProto sparse_tensors = 23;
  }
  message TensorProto {
    repeated int64 dims = 1;
    optional int32 data_type = 2;
    optional string name = 8;
    optional bytes raw_data = 9;
    repeated EntryProto external_data = 13;
    optional int32 data_location = 14;
  }
  message EntryProto { optional string key = 1; optional string value = 2; }
  message SparseTensorProto { optional TensorProto values = 1; optional TensorProto indices = 2; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; optional string doc_string = 3; }
  message TypeProto {
    optional TensorTypeProto tensor_type = 1;
    optional HolderProto sequence_type = 4;
    optional MapProto map_type = 5;
    optional HolderProto optional_type = 9;
  }
  message HolderProto { optional TypeProto elem_type = 1; }
  message MapProto { optional int32 key_type = 1; optional TypeProto value_type = 2; }
  message TensorTypeProto { optional int32 elem_type = 1; optional ShapeProto shape = 2; }
  message ShapeProto { repeated DimensionProto dim = 1; }
  message DimensionProto { optional int64 dim_value = 1; optional string dim_param = 2; }
`;

/** The message of a whole file. Its members have the names of onnx.proto in camel case. */
export function modelMessage(): protobuf.Type {
  return protobuf.parse(SUBSET).root.lookupType('ModelProto');
}
